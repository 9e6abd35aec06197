import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { root } from './helpers/package.ts'
import { codes, section, table } from './helpers/pages.ts'

/** What the commands have written, which is kept. */
const read = (file: string) => readFileSync(join(root, file), 'utf8')

/** The numbers of a text, however their thousands are set apart. */
function numbers (text: string): number[] {
  return Array.from(text.matchAll(/\d{1,3}(?:[ ,]\d{3})+|\d+(?:\.\d+)?/g), ([number]) => Number(number.replaceAll(/[ ,]/g, '')))
}

test('the mutants of the page are those of the last run', (t) => {
  const [, ...lines] = read('test/mutation/results.csv').trimEnd().split('\n')
  const results = lines.map((line) => line.split(','))
  const found = results.map(([file = '', mutants, killed, timedOut, survived, score]) =>
    [file.replace('lib/', ''), String(mutants), String(Number(killed) + Number(timedOut)), String(survived), `${score} %`])
  const rows = table(section('Mutants'), 'file').map((row) => [...codes(row.file), row.mutants, row.noticed, row.survived, row.score])
  t.same(rows.toSorted(), found.toSorted())
  t.equal(numbers(section('Mutants')).find((number) => number > 1_000), results.reduce((sum, [, mutants]) => sum + Number(mutants), 0))
  t.end()
})

test('each number in the tables of long runs is one that a run has printed', (t) => {
  const printed = new Set(numbers(read('test/long-runs/results/summary.md')))
  const rows = section('Long runs').split('\n').filter((line) => line.startsWith('|')).map((line) => line.split('|').slice(2).join('|'))
  const shown = rows.flatMap(numbers)
  t.ok(shown.length > 50)
  t.same(shown.filter((number) => !printed.has(number)), [])
  t.end()
})
