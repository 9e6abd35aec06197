import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import type { Test } from 'tap'
import { Client, job } from './helpers/client.ts'
import { deliveriesIn } from './helpers/deliveries.ts'
import { folder } from './helpers/folder.ts'
import { HostProcess } from './helpers/host-process.ts'
import { ENV, FLAGS } from './helpers/node.ts'
import { until } from './helpers/until.ts'

const MAIN = fileURLToPath(new URL('../../lib/cli/main.ts', import.meta.url))

/** The command line in a process of its own. */
function command (t: Test, ...argv: string[]) {
  const child = spawn(process.execPath, [...FLAGS, MAIN, 'inbox', ...argv], { env: ENV })
  t.teardown(() => child.kill('SIGKILL'))
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
    .then(([stdout, stderr]) => ({ code: child.exitCode, stdout, stderr }))
  return { child, ended }
}

/** An app in a process of its own that has handled some events. */
async function handled (t: Test, count: number) {
  const dir = folder(t)
  const settings = { path: join(dir, 'inbox.db'), deliveries: join(dir, 'deliveries') }
  const host = new HostProcess(t, settings)
  const client = new Client(t, await host.port())
  const ids: string[] = []
  for (let n = 0; n < count; n++) ids.push(String((await client.post(job('a', n))).body.id))
  const done = () => deliveriesIn(settings.deliveries).filter(({ what }) => what === 'done').map(({ n }) => n)
  // What a listener has done is recorded a moment later: until then it is pending, and is not replayed.
  await until(async () => (await client.get('/stats')).body.done === count)
  const db = new DatabaseSync(settings.path)
  db.exec('PRAGMA busy_timeout = 5000')
  t.teardown(() => { db.close() })
  const requests = () => db.prepare('SELECT count FROM change_requests').all().length
  return { settings, host, ids, done, requests }
}

test('commands replay beside the process that has the file, several at once, and each event once', async (t) => {
  const { settings: { path }, host, ids, done, requests } = await handled(t, 6)
  const [a = '', b = '', c = ''] = ids
  const said = await Promise.all([[a, b], [c], ids.slice(3)].map(async (some) => await command(t, 'replay', ...some, '--db', path).ended))
  t.same(said.map(({ code, stdout }) => [code, stdout]), [[0, '2 events replayed\n'], [0, '1 event replayed\n'], [0, '3 events replayed\n']])
  await until(() => done().length === 12)
  t.same(done().slice(6).toSorted(), [0, 1, 2, 3, 4, 5])
  t.equal(requests(), 0)
  t.same(await host.kill('SIGTERM'), { code: 0, signal: null })
})

test('a process that is killed while a command waits for it leaves the replay to the command', async (t) => {
  const { settings, host, ids, done, requests } = await handled(t, 1)
  host.process.kill('SIGSTOP')
  const { ended } = command(t, 'replay', ...ids, '--db', settings.path)
  await until(() => requests() === 1)
  await host.kill()
  t.match(await ended, { code: 0, stdout: '1 event replayed\n' })
  t.equal(requests(), 0)
  await new HostProcess(t, settings).port()
  await until(() => done().length === 2)
})

test('a command that is killed while it waits leaves its replay to the process that has the file', async (t) => {
  const { settings, host, ids, done, requests } = await handled(t, 1)
  host.process.kill('SIGSTOP')
  const { child, ended } = command(t, 'replay', ...ids, '--db', settings.path)
  await until(() => requests() === 1)
  child.kill('SIGKILL')
  await ended
  host.process.kill('SIGCONT')
  await until(() => done().length === 2)
  t.match(await command(t, 'stats', '--json', '--db', settings.path).ended, { code: 0, stdout: /"pending":0,"failing":0,"done":1/ })
  t.same(await host.kill('SIGTERM'), { code: 0, signal: null })
})

test('Ctrl-C takes back what was not replayed yet', async (t) => {
  const { settings, host, ids, done, requests } = await handled(t, 1)
  host.process.kill('SIGSTOP')
  const { child, ended } = command(t, 'replay', ...ids, '--db', settings.path)
  await until(() => requests() === 1)
  child.kill('SIGINT')
  t.match(await ended, { code: 130, stdout: '' })
  t.equal(requests(), 0)
  host.process.kill('SIGCONT')
  t.same(await host.kill('SIGTERM'), { code: 0, signal: null })
  t.same(done(), [0])
})

test('an app that starts while commands replay has the file all the same', async (t) => {
  const { settings, host, ids, done } = await handled(t, 1)
  await host.kill()
  const commands = Array.from({ length: 4 }, async () => await command(t, 'replay', ...ids, '--db', settings.path).ended)
  await new HostProcess(t, settings).port()
  for (const { code, stderr } of await Promise.all(commands)) t.equal(code, 0, stderr)
  await until(() => done().length >= 2)
})
