import { basename } from 'node:path'
import { test } from 'tap'
import type { Test } from 'tap'
import { sign, smsDeliveryReport } from '../../lib/testing/testing.ts'
import { FLAGS } from '../helpers/environment.ts'
import { run } from '../helpers/package.ts'
import { problemOf } from './helpers/commands.ts'
import { directory, files, scriptsOfSeveralFiles, write } from './helpers/files.ts'
import { post, start } from './helpers/running.ts'

test('src/server.ts runs', async (t) => {
  const server = await start(t, 'src/server.ts', { ONEROUTE_SECRET: 'key' })
  const body = JSON.stringify(smsDeliveryReport())
  t.equal(await post(server.url, body, { 'x-oneroute-signature': sign(body, 'key') }), 200)
  await server.printed('an SMS has another status')
  t.equal((await fetch(`${server.url}/health`)).status, 200)
  t.equal(await server.end('SIGTERM'), 0)
})

test('src/app.test.ts runs', async (t) => {
  const scripts = scriptsOfSeveralFiles()
  for (const script of [scripts.start, scripts.dev]) t.equal(problemOf(script.split(' ')), undefined, script)
  const [node, ...args] = scripts.test.split(' ')
  t.equal(node, 'node')
  const tested = await run(directory, process.execPath, ...FLAGS, ...args)
  t.match(tested, { code: 0, output: /pass 2\b/ }, tested.output)
  write('src/careless.test.ts', (files.find(({ file }) => file === 'src/app.test.ts')?.code ?? '').replace('./messages.ts', './careless.ts'))
  write('src/careless.ts', (files.find(({ file }) => file === 'src/messages.ts')?.code ?? '').replace(' PRIMARY KEY', ''))
  t.match((await run(directory, process.execPath, ...FLAGS, '--test', 'src/careless.test.ts')).output, /fail 1\b/, 'one that saves twice is found out')
})

/** For a file that does nothing by itself. */
function isImported (file: string): (t: Test) => Promise<void> {
  return async (t) => {
    t.ok(files.some(({ code }) => code.includes(`/${basename(file)}'`)), 'another file, which runs, imports it')
  }
}

test('src/messages.ts runs', isImported('src/messages.ts'))
test('src/listeners/save-message.ts runs', isImported('src/listeners/save-message.ts'))
test('src/listeners/log-report.ts runs', isImported('src/listeners/log-report.ts'))
test('src/app.ts runs', isImported('src/app.ts'))
