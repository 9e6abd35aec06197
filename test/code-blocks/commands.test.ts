import { test } from 'tap'
import { codes, everything } from '../helpers/pages.ts'
import { commandsIn, problemOf } from './helpers/commands.ts'

test('every command names what there is', async (t) => {
  const commands = commandsIn(everything).map(({ words }) => words)
  const inText = codes(everything.replace(/^```.*?^```$/gms, '')).filter((code) => /^np[mx] /.test(code)).map((code) => code.split(' '))
  for (const words of [...commands, ...inText]) t.equal(problemOf(words), undefined, words.join(' '))
})
