import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'tap'
import { sqliteInbox } from '../../lib/inbox/sqlite/inbox.ts'
import { createApp } from '../helpers/app.ts'
import { listen } from '../helpers/http.ts'
import { Client, job } from './helpers/client.ts'
import { folder } from './helpers/folder.ts'
import { HostProcess } from './helpers/host-process.ts'
import { until } from './helpers/until.ts'

test('while a commit has to wait nothing is answered 200 or delivered, and the app goes on answering', async (t) => {
  const path = join(folder(t), 'inbox.db')
  const { app } = await createApp(t, { inbox: sqliteInbox({ path }) })
  const order: string[] = []
  app.webhooks.on('event', () => { order.push('delivered') })
  app.get('/alive', async () => ({}))
  const client = new Client(t, await listen(app))
  const other = new DatabaseSync(path)
  t.teardown(() => { other.close() })
  other.exec('BEGIN IMMEDIATE') // as long as this lasts, nobody else commits
  const posting = Array.from({ length: 5 }, async (_, i) => {
    const { statusCode } = await client.post(job(`${i}`, i))
    order.push(`answered ${statusCode ?? 'nothing'}`)
  })
  for (let i = 0; i < 100; i++) {
    const { statusCode } = await client.get('/alive')
    order.push(`alive ${statusCode ?? 'not'}`)
  }
  order.push('released')
  other.exec('ROLLBACK')
  await Promise.all(posting)
  await until(() => order.filter((what) => what === 'delivered').length === 5)
  t.same(order.slice(0, 101), [...Array.from({ length: 100 }, () => 'alive 200'), 'released'])
  t.same(order.slice(101).sort(), [...Array.from({ length: 5 }, () => 'answered 200'), ...Array.from({ length: 5 }, () => 'delivered')])
})

test('a commit that has to wait for too long is answered 503, and the next one is not', async (t) => {
  const path = join(folder(t), 'inbox.db')
  const { app } = await createApp(t, { inbox: sqliteInbox({ path }) })
  const heard: unknown[] = []
  const client = new Client(t, await listen(app))
  const other = new DatabaseSync(path)
  t.teardown(() => { other.close() })
  other.exec('BEGIN IMMEDIATE')
  t.match(await client.post(job('a', 0)), { statusCode: 503, headers: { 'retry-after': /^\d+$/ }, body: { code: 'FST_ONEROUTE_INBOX_UNAVAILABLE' } })
  other.exec('ROLLBACK')
  t.match(await client.post(job('a', 0)), { statusCode: 200, body: { status: 'accepted' } })
  app.webhooks.on('event', (event) => { heard.push(event) })
  await until(() => heard.length === 1)
})

const STRACE = ['strace', '-f', '-qq', '-y', '-s', '300']
const hasStrace = spawnSync('strace', [...STRACE.slice(1), '-e', 'inject=fdatasync:delay_enter=1', '-o', '/dev/null', 'true']).status === 0

if (hasStrace) {
  test('no 200 leaves before what it answers is synced to the disk', async (t) => {
    const dir = folder(t)
    const trace = join(dir, 'trace')
    const wrap = [...STRACE, '-o', trace, '-e', 'trace=fsync,fdatasync,write,writev,sendto,sendmsg', '-e', 'inject=fsync,fdatasync:delay_enter=100000']
    const host = new HostProcess(t, { path: join(dir, 'inbox.db') }, wrap)
    const client = new Client(t, await host.port())
    const { body: { pid = 0 } } = await client.get('/alive') // strace ends with its process, and not the other way round
    t.teardown(() => { if (host.process.exitCode === null) process.kill(pid, 'SIGKILL') })
    const started = readFileSync(trace, 'utf8').length
    for (let n = 0; n < 5; n++) t.equal((await client.post(job('a', n))).statusCode, 200)
    t.same(what(readFileSync(trace, 'utf8').slice(started)), ['synced', '200', 'synced', '200', 'synced', '200', 'synced', '200', 'synced', '200'])
    process.kill(pid, 'SIGTERM')
    t.same(await host.ended(), { code: 0, signal: null })
  })
}

/** In the order of the trace: that the log of the database was synced, however often, and that a request was answered. */
function what (trace: string): string[] {
  const syncing = new Set<string>()
  const found: string[] = []
  for (const line of trace.split('\n')) {
    const [thread = ''] = line.split(' ')
    const begins = /f(?:data)?sync\(\d+<[^>]*-wal>/.test(line)
    if (begins && line.includes('<unfinished')) syncing.add(thread)
    const returns = (begins && / = 0/.test(line)) || (syncing.has(thread) && /<\.\.\. f(?:data)?sync resumed>.* = 0/.test(line))
    if (returns) syncing.delete(thread)
    if (returns && found.at(-1) !== 'synced') found.push('synced')
    if (/HTTP\/1\.1 200 OK/.test(line)) found.push('200')
  }
  return found
}
