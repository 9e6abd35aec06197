import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { run } from '../helpers/package.ts'
import { section } from '../helpers/pages.ts'
import { commandsIn } from './helpers/commands.ts'
import { directory, files, runCli } from './helpers/files.ts'
import { start } from './helpers/running.ts'

test('app.mjs runs', async (t) => {
  t.match(files.find(({ file }) => file === 'app.test.mjs')?.code, "from './app.mjs'", 'it runs with its test')
})

test('app.test.mjs runs', async (t) => {
  const [command] = commandsIn(section('Testing your app'))
  const [node, ...args] = command?.words ?? []
  t.equal(node, 'node')
  const { code, output } = await run(directory, process.execPath, ...args)
  t.equal(code, 0, output)
  t.match(output, /pass 4\b/)
})

test('durable.test.mjs runs', async (t) => {
  t.match(commandsIn(section('Testing your app'))[0]?.words, /durable\.test\.mjs/, 'it runs with the others')
})

test('collector.test.mjs runs', async (t) => {
  t.match(commandsIn(section('Testing your app'))[0]?.words, /collector\.test\.mjs/, 'it runs with the others')
})

test('twice.test.mjs runs', async (t) => {
  const code = files.find(({ file }) => file === 'twice.test.mjs')?.code ?? ''
  writeFileSync(join(directory, 'careless.test.mjs'), code.replace('if (isNew) ', ''))
  const { output } = await run(directory, process.execPath, '--test', 'careless.test.mjs')
  t.match(output, /fail 1\b/, 'a listener that does not look is found out')
  t.match(output, /\b2 == 1/) // in the words of any Node
})

test('handled.mjs runs', async (t) => {
  const [begin, play] = commandsIn(section('send --chaos: test your app on a bad day'))
  t.same(begin?.words, ['node', 'handled.mjs'])
  const server = await start(t, 'handled.mjs', begin?.env)
  const [, , ...args] = play?.words ?? []
  const more = ['--count', '100', '--secret', play?.env.ONEROUTE_SECRET ?? '', '--to', `${server.url}/webhooks/oneroute`]
  const played = await runCli(...args, ...more)
  t.match(played, { code: 0, output: /^VERDICT: clean$/m }, played.output)
  t.match(played.output, 'Handled: 100 lines of these events')
})
