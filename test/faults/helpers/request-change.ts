import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { Client, job } from './client.ts'
import { deliveriesIn } from './deliveries.ts'
import { folder } from './folder.ts'
import { HostProcess } from './host-process.ts'
import { ENV, FLAGS } from '../../helpers/environment.ts'
import { until } from './until.ts'

const MAIN = fileURLToPath(new URL('../../../lib/cli/main.ts', import.meta.url))

/** The command line in a process of its own. */
export function command (t: Test, ...argv: string[]) {
  const child = spawn(process.execPath, [...FLAGS, MAIN, 'inbox', ...argv], { env: ENV })
  t.teardown(() => child.kill('SIGKILL'))
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
    .then(([stdout, stderr]) => ({ code: child.exitCode, stdout, stderr }))
  return { child, ended }
}

/** An app in a process of its own that has handled some events. */
export async function handled (t: Test, count: number) {
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
