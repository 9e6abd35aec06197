import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { memoryInbox } from '../../index.ts'
import { conformance } from '../../lib/inbox/conformance/conformance.ts'
import { withoutSync } from '../helpers/own-inbox.ts'
import { run } from '../helpers/package.ts'
import { section } from '../helpers/pages.ts'
import { commandsIn } from './helpers/commands.ts'
import { directory, files, write } from './helpers/files.ts'

test('own-inbox.mjs runs', async (t) => {
  const broken = files.find(({ file }) => file === 'own-inbox.mjs')?.code.replace("state <> 'pending' AND id IN", "state = 'done' AND id IN") ?? ''
  writeFileSync(join(directory, 'broken-inbox.mjs'), broken)
  const suite = files.find(({ file }) => file === 'own-inbox.test.mjs')?.code.replace('./own-inbox.mjs', './broken-inbox.mjs') ?? ''
  writeFileSync(join(directory, 'broken-inbox.test.mjs'), suite)
  const { output } = await run(directory, process.execPath, '--test', '--test-name-pattern', 'put back as new', 'broken-inbox.test.mjs')
  t.match(output, /(✖|not ok \d+ -) dead and done events are put back as new, others are not/, 'one that replays no dead events is found out')
})

test('small-inbox.mjs runs', async (t) => {
  writeFileSync(join(directory, 'small-inbox.test.mjs'), `
    import { test } from 'node:test'
    import { conformance } from 'fastify-oneroute-webhooks/conformance'
    import { smallInbox } from './small-inbox.mjs'
    for (const { name, run } of conformance(() => smallInbox(), { durable: false })) test(name, run)`)
  const { code, output } = await run(directory, process.execPath, '--test', 'small-inbox.test.mjs')
  t.equal(code, 0, output)
  t.match(output, new RegExp(`pass ${conformance(() => memoryInbox(), { durable: false }).length}\\b`), 'all cases of an inbox that is not durable')
})

test('own-inbox.test.mjs runs', async (t) => {
  const [command] = commandsIn(section('The conformance suite'))
  const [node, ...args] = command?.words ?? []
  t.equal(node, 'node')
  write('own-inbox.mjs', withoutSync(files.find(({ file }) => file === 'own-inbox.mjs')?.code ?? ''))
  const { code, output } = await run(directory, process.execPath, ...args)
  t.equal(code, 0, output)
  const cases = conformance(() => memoryInbox(), { kill: (store) => store })
  t.match(output, new RegExp(`pass ${cases.length}\\b`), 'all cases of a durable inbox')
  t.match(output, /fail 0\b/)
})
