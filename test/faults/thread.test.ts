import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate, setTimeout } from 'node:timers/promises'
import tap, { test } from 'tap'
import type { FastifyInstance } from 'fastify'
import type { WebhooksOptions } from '../../index.ts'
import { sqliteInbox } from '../../lib/inbox/sqlite/inbox.ts'
import { createApp, gate } from '../helpers/app.ts'
import { listen } from '../helpers/http.ts'
import { Client, job } from './helpers/client.ts'
import { folder } from './helpers/folder.ts'
import { lastThread, threads } from './helpers/threads.ts'
import { until } from './helpers/until.ts'

tap.setTimeout(120_000) // many processes, or many runs: on a busy machine they take their time

type Job = ReturnType<typeof job>

/** An app that listens, and a client for it. */
async function start (t: Parameters<typeof createApp>[0], options: WebhooksOptions = {}) {
  const path = join(folder(t), 'inbox.db')
  const { app, lines } = await createApp(t, { inbox: sqliteInbox({ path }), ...options })
  const heard: Job[] = []
  return { app, lines, path, heard, connect: async () => new Client(t, await listen(app)) }
}

/** Notes what its listener has done. */
function hear (app: FastifyInstance, heard: Job[], listener: (event: Job, attempt: number) => unknown = () => {}): void {
  app.webhooks.on('event', async (event, { attempt }) => {
    const posted = event as unknown as Job // nothing else is posted here
    await listener(posted, attempt)
    heard.push(posted)
  })
}

async function drained (app: FastifyInstance): Promise<void> {
  await until(async () => {
    try {
      return (await app.webhooks.inbox.stats()).pending === 0
    } catch {
      return false // it is down
    }
  })
}

/** Each in the order of its conversation, and once. */
function conversations (heard: readonly Job[]): Record<string, number[]> {
  const all: Record<string, number[]> = {}
  for (const { conversation: { id }, n } of heard) (all[id] ??= []).push(n)
  return all
}

test('when the thread dies under load, each request is answered, and what was answered 200 is delivered once and in order', async (t) => {
  const { app, lines, heard, connect } = await start(t, { retry: { minDelay: 1, maxDelay: 5 } })
  const client = await connect()
  hear(app, heard, async ({ n }, attempt) => {
    for (let i = 0; i < n % 7; i++) await setImmediate()
    if (n % 10 === 5 && attempt === 1) throw new Error('not yet')
  })
  const statuses = new Set<number | undefined>()
  const refusals: unknown[] = []
  const load = { on: true }
  let accepted = 0
  /** Posts each event until it is accepted: the order in which they are is known. */
  const senders = Array.from({ length: 16 }, async (_, i) => {
    let n = 0
    for (; load.on; n++) {
      for (let status: number | undefined; status !== 200;) {
        const answer = await client.post(job(`conversation ${i}`, n))
        status = answer.statusCode
        statuses.add(status)
        if (status !== 200) refusals.push(answer.headers['retry-after'])
        if (status !== 200) await setTimeout(10)
      }
      accepted++
    }
    return n
  })
  for (let deaths = 0; deaths < 3; deaths++) {
    const before = accepted
    await until(() => accepted > before + 200)
    const count = threads.length
    await lastThread().terminate()
    await until(() => threads.length > count)
  }
  const before = accepted
  await until(() => accepted > before + 50)
  load.on = false
  const counts = await Promise.all(senders)
  await drained(app)
  t.same([...statuses].sort(), [200, 503])
  t.same(refusals.filter((retryAfter) => retryAfter !== '5'), [])
  t.same(conversations(heard), Object.fromEntries(counts.map((count, i) => [`conversation ${i}`, Array.from({ length: count }, (_, n) => n)])))
  t.match(await app.webhooks.inbox.stats(), { pending: 0, dead: 0, done: counts.reduce((sum, count) => sum + count, 0) })
  t.equal(lines.filter(({ level, msg }) => level === 50 && msg.includes('has ended')).length, 3, 'the log says why')
})

test('an event whose listener runs while the thread dies is settled, and those behind it follow', async (t) => {
  const { app, path, heard, connect } = await start(t)
  const client = await connect()
  const [entered, held] = [gate(), gate()]
  hear(app, heard, async ({ n }) => {
    if (n !== 0) return
    entered.resolve(undefined)
    await held.promise
  })
  for (const n of [0, 1, 2]) await client.post(job('a', n))
  await entered.promise
  await lastThread().terminate()
  t.match(await client.post(job('a', 3)), { statusCode: 503, body: { code: 'FST_ONEROUTE_INBOX_UNAVAILABLE' } })
  await until(async () => (await client.post(job('a', 3))).statusCode === 200)
  await client.post(job('b', 1))
  await until(() => heard.some(({ conversation }) => conversation.id === 'b'))
  t.same(conversations(heard), { b: [1] }, 'its conversation is still held')
  held.resolve(undefined)
  await drained(app)
  t.same(conversations(heard), { a: [0, 1, 2, 3], b: [1] })
  await app.close()
  const next = await createApp(t, { inbox: sqliteInbox({ path }) })
  hear(next.app, heard)
  await next.app.ready()
  t.match(await next.app.webhooks.inbox.stats(), { pending: 0, done: 5 })
  t.equal(heard.length, 5)
})

test('an event whose listener finishes while the thread is away is settled', async (t) => {
  const { app, heard, connect } = await start(t)
  const client = await connect()
  const [entered, held] = [gate(), gate()]
  hear(app, heard, async ({ n }) => {
    if (n !== 0) return
    entered.resolve(undefined)
    await held.promise
  })
  for (const n of [0, 1]) await client.post(job('a', n))
  await entered.promise
  await lastThread().terminate()
  held.resolve(undefined)
  await until(async () => (await client.post(job('a', 2))).statusCode === 200)
  await drained(app)
  t.same(conversations(heard), { a: [0, 1, 2] })
})

test('what waits for another attempt when the thread dies keeps its place and its attempts', async (t) => {
  const { app, heard, connect } = await start(t, { retry: { attempts: 3, minDelay: 50, maxDelay: 50 } })
  const client = await connect()
  const attempts: number[] = []
  const failed = gate()
  hear(app, heard, ({ n }, attempt) => {
    if (n === 0) attempts.push(attempt)
    if (n !== 0 || attempt === 3) return
    failed.resolve(undefined)
    throw new Error('not yet')
  })
  for (const n of [0, 1]) await client.post(job('a', n))
  await failed.promise
  await lastThread().terminate()
  await until(async () => (await client.post(job('a', 2))).statusCode === 200)
  await drained(app)
  t.same(attempts, [1, 2, 3])
  t.same(conversations(heard), { a: [0, 1, 2] })
})

for (const when of ['away', 'starting', 'back']) {
  test(`closing while the thread is ${when} ends, and leaves nothing behind`, async (t) => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = timers()
    const { app, heard, connect } = await start(t, { retry: { minDelay: 3_600_000, maxDelay: 3_600_000 } })
    const client = await connect()
    hear(app, heard, () => { throw new Error('later') })
    t.equal((await client.post(job('a', 0))).statusCode, 200)
    // The store has something that becomes due one day.
    await until(async () => (await app.webhooks.inbox.list()).some(({ attempts }) => attempts === 1))
    const count = threads.length
    await lastThread().terminate()
    if (when !== 'away') await until(() => threads.length > count)
    if (when === 'back') await until(async () => (await client.post(job('a', 1))).statusCode === 200)
    await app.close()
    t.equal(threads.length, when === 'away' ? count : count + 1)
    t.equal(lastThread().threadId, -1, 'no thread')
    t.equal(timers(), before, 'no timer')
  })
}

for (const [what, damage] of [
  ['damaged', (path: string) => { writeFileSync(path, 'no database any more'.repeat(1_000)) }],
  ['gone', (path: string) => { for (const name of [path, `${path}-wal`, `${path}-shm`]) rmSync(name, { force: true }) }],
  ['gone with its folder', (path: string) => { rmSync(join(path, '..'), { recursive: true }) }]
] as const) {
  test(`while its file is ${what} the thread cannot come back: requests are answered 503, the log says why, and closing ends`, async (t) => {
    const { app, lines, path, connect } = await start(t)
    const client = await connect()
    t.equal((await client.post(job('a', 0))).statusCode, 200)
    await lastThread().terminate()
    damage(path)
    const statuses = new Set<number | undefined>()
    await until(async () => {
      statuses.add((await client.post(job('a', 1))).statusCode)
      return statuses.has(200) || lines.some(({ level, msg, err }) => level === 50 && msg.includes('could not be started') &&
        JSON.stringify(err).includes('FST_ONEROUTE_INBOX_UNUSABLE'))
    })
    t.same([...statuses], [503])
    await app.close()
  })
}

test('a file that is back again is used again', async (t) => {
  const { app, lines, path, heard, connect } = await start(t)
  const client = await connect()
  const dir = join(path, '..')
  t.equal((await client.post(job('a', 0))).statusCode, 200)
  await lastThread().terminate()
  renameSync(dir, `${dir}-moved`)
  await until(() => lines.some(({ msg }) => msg.includes('could not be started')))
  renameSync(`${dir}-moved`, dir)
  await until(async () => (await client.post(job('a', 1))).statusCode === 200)
  hear(app, heard)
  await drained(app)
  t.same(conversations(heard), { a: [0, 1] })
})
