import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import Fastify from 'fastify'
import type { FastifyServerOptions } from 'fastify'
import { test } from 'tap'
import type { Test } from 'tap'
import webhooks from '../../index.ts'
import { sqliteInbox } from '../../lib/inbox/sqlite/inbox.ts'
import type { LogLine } from '../helpers/app.ts'
import { openInbox } from '../helpers/sqlite.ts'
import { Client, job } from './helpers/client.ts'
import { deliveriesIn, firstDeliveries, overlapping, overtaking } from './helpers/deliveries.ts'
import { folder } from './helpers/folder.ts'
import { HostProcess } from './helpers/host-process.ts'
import { until } from './helpers/until.ts'

const SENDERS = 12
/** Longer than any test lasts. */
const LONG = 600_000
const WAITING = 'waiting until the file of the inbox is free'

test('a process that is started before the old one is stopped waits for the file: nothing is lost, and no order is', async (t) => {
  const dir = folder(t)
  const deliveries = join(dir, 'deliveries')
  const settings = { path: join(dir, 'inbox.db'), deliveries, options: { concurrency: 4, retry: { minDelay: 50, maxDelay: 100 } } }
  const first = new HostProcess(t, settings)
  const client = new Client(t, await first.port())
  const sending = { on: true }
  /** Posts each event until it is accepted, whoever does that. */
  const senders = Array.from({ length: SENDERS }, async (_, i) => {
    let n = 0
    while (sending.on) {
      const { statusCode } = await client.post(job(`${i}`, n, { fails: n % 20 === 7 ? 1 : 0, turns: n % 30 })).catch(() => ({ statusCode: undefined }))
      if (statusCode === 200) n++
      else await setTimeout(10)
    }
    return n
  })
  await until(() => deliveriesIn(deliveries).length > 300)
  const next = new HostProcess(t, { ...settings, level: 'info' })
  await until(() => next.logged.includes(WAITING))
  const before = deliveriesIn(deliveries).length
  await until(() => deliveriesIn(deliveries).length > before + 100) // the old one works on
  t.same(await first.kill('SIGTERM'), { code: 0, signal: null })
  client.port = await next.port()
  await until(() => deliveriesIn(deliveries).filter(({ pid }) => pid === next.process.pid).length > 300)
  sending.on = false
  const posted = await Promise.all(senders)
  await until(async () => (await client.get('/stats')).body.pending === 0)
  const total = posted.reduce((sum, n) => sum + n, 0)
  t.match((await client.get('/stats')).body, { done: total, dead: 0 })
  t.same(await next.kill('SIGTERM'), { code: 0, signal: null })

  const all = deliveriesIn(deliveries)
  t.same(all.slice(all.findIndex(({ pid }) => pid === next.process.pid)).filter(({ pid }) => pid !== next.process.pid), [], 'one after the other')
  t.same([...firstDeliveries(all)].sort(), posted.map((n, i) => [`${i}`, Array.from({ length: n }, (_, n) => n)]).sort(), 'each in its order')
  t.same(overlapping(all), [])
  t.same(overtaking(all), [])
  t.equal(all.filter(({ what }) => what === 'done').length, total, 'each once')
})

for (const { wait, lines } of [{ wait: 300, lines: 1 }, { wait: 0, lines: 0 }]) {
  test(`an owner that does not end is waited for ${wait} ms, and then the start fails`, async (t) => {
    const path = join(folder(t), 'inbox.db')
    await openInbox(t, { path })
    const host = new HostProcess(t, { path, wait, level: 'info' })
    t.match(await host.start(), { code: 'FST_ONEROUTE_INBOX_LOCKED', message: `The inbox '${path}' is in use, after a wait of ${wait} ms` })
    t.same(await host.ended(), { code: 1, signal: null }, 'it ends by itself')
    const log = (await host.log).split('\n').filter((line) => line.includes(WAITING))
    t.equal(log.length, lines)
    for (const line of log) t.match(JSON.parse(line), { level: 30, wait, msg: `${WAITING}: ${path}` })
  })
}

/** An app that waits for a file. */
async function waiting (t: Test, path: string, server: FastifyServerOptions) {
  const lines: LogLine[] = []
  const stream = { write: (line: string) => { lines.push(JSON.parse(line) as LogLine) } } // pino writes one object a line
  const app = Fastify({ logger: { level: 'info', stream }, ...server })
  t.teardown(async () => { await app.close() })
  void app.register(webhooks, { inbox: sqliteInbox({ path, wait: LONG }) })
  const started = Promise.resolve(app.ready()).then(() => 'ready', (error: unknown) => error)
  await until(() => lines.some(({ msg }) => msg.startsWith(WAITING)))
  return { app, started, lines }
}

test('an app that waits is not given up when `pluginTimeout` is over', async (t) => {
  const path = join(folder(t), 'inbox.db')
  const owner = await openInbox(t, { path })
  const { app, started, lines } = await waiting(t, path, { pluginTimeout: 20 })
  await setTimeout(100)
  await owner.close()
  t.equal(await started, 'ready')
  t.equal(lines.filter(({ msg }) => msg.startsWith(WAITING)).length, 1)
  t.match(await app.webhooks.receive({ event: 'job' }), { status: 'accepted' })
})
