import pg from 'pg'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import type { WebhooksOptions } from '../../../index.ts'
import { postgresInbox } from '../../../lib/inbox/postgres/inbox.ts'
import { until } from '../../faults/helpers/until.ts'
import { createApp, gate, message } from '../../helpers/app.ts'
import { openInbox, openPool, postgresUrl, schemas } from '../../helpers/postgres.ts'
import { blocks, section } from '../../helpers/pages.ts'
import { claim, newEvent } from '../conformance.ts'

tap.setTimeout(120_000)

const url = await postgresUrl(tap)
const newSchema = schemas(tap, url)
const admin = openPool(tap, url)

const [DELETE = '', EMPTY = '', MOVE = '', AGAIN = '', TAKE = '', ...others] = blocks(section('What an operator may do by hand'))
  .map(({ language, code }) => language === 'sql' ? code : '')

/** Runs a block of the page on other schemas, and again as it says there. */
async function run (block: string, schema: string, next = ''): Promise<void> {
  const named = block.replaceAll('oneroute_webhooks', pg.escapeIdentifier(schema)).replaceAll('webhooks_new', pg.escapeIdentifier(next))
  const client = await admin.connect()
  try {
    await client.query(named)
  } catch (error) {
    await client.query('ROLLBACK')
    if (!(error instanceof pg.DatabaseError) || error.code !== '40P01') throw error
    await run(block, schema, next)
  } finally {
    client.release()
  }
}

async function recounted (schema: string): Promise<number[]> {
  const { rows: [row = {}] } = await admin.query<Record<string, string>>(`SELECT * FROM ${pg.escapeIdentifier(schema)}.recount()`)
  return Object.values(row).map(Number)
}
const NOTHING = [0, 0, 0, 0, 0, 0, 0]

async function startApp (t: Test, schema: string, options: WebhooksOptions = {}) {
  const { app, lines } = await createApp(t, { inbox: postgresInbox({ connectionString: url, schema }), ...options })
  const heard: string[] = []
  app.webhooks.on('newMessage', ({ conversation, message }) => {
    heard.push(String(message.content))
    if (conversation.id === 'broken') throw new Error('broken')
  })
  app.webhooks.on('smsDeliveryReport', () => {})
  await app.ready()
  const receive = async (conversation: string, content?: string) => await app.webhooks.receive(message(conversation, content))
  return { app, lines, heard, receive, stats: async () => await app.webhooks.inbox.stats() }
}

/** The apps receive and deliver meanwhile, and nothing goes wrong in them. */
async function busy (t: Test, schema: string, work: () => Promise<void>): Promise<void> {
  const apps = await Promise.all([1, 2].map(async () => await startApp(t, schema, { concurrency: 4 })))
  const working = new AbortController()
  const busy = Promise.all(apps.map(async ({ receive }) => {
    while (!working.signal.aborted) await Promise.all(Array.from({ length: 10 }, async (_, i) => await receive(`busy ${i}`)))
  }))
  await until(() => apps.every(({ heard }) => heard.length > 20))
  await work()
  const counts = apps.map(({ heard }) => heard.length)
  await until(() => apps.every(({ heard }, i) => heard.length > Number(counts[i]) + 20))
  working.abort()
  await busy
  await until(async () => (await apps[0]?.stats())?.pending === 0)
  t.same(await recounted(schema), NOTHING)
  for (const { app, lines } of apps) {
    t.same(lines.filter(({ level, msg }) => level >= 40 && !/unsigned/.test(msg)), [])
    await app.close()
  }
}

test('the page has these, and no others', async (t) => {
  t.same(others, [])
  for (const block of [DELETE, EMPTY, MOVE, AGAIN, TAKE]) t.not(block, '')
})

test('events are deleted by hand, in whatever state, while apps are at work', async (t) => {
  const schema = newSchema()
  const inbox = await openInbox(t, { connectionString: url, schema })
  const old = (lane: string) => newEvent(lane, { name: 'smsDeliveryReport', receivedAt: Date.now() - 86_400_000 })
  await Promise.all([inbox.add(old('done')), inbox.add(old('pending')), inbox.add(old('held')), inbox.add(newEvent('stays', { id: 'stays', name: 'smsDeliveryReport' }))])
  for (const held of await claim(inbox)) {
    if (held.lane === 'held') continue
    const [event = { seq: 0 }] = held.events
    await inbox.settle(held, [{ seq: event.seq, state: held.lane === 'pending' ? 'pending' : 'done', dueAt: Date.now() + 3_600_000, completed: [], error: null }])
  }
  await inbox.stats()
  await busy(t, schema, async () => { await run(DELETE, schema) })
  const { rows } = await admin.query(`SELECT lane FROM ${pg.escapeIdentifier(schema)}.events WHERE name = 'smsDeliveryReport'`)
  t.same(rows, [{ lane: 'stays' }])
})

test('an inbox is emptied by hand while apps are at work', async (t) => {
  const schema = newSchema()
  const inbox = await openInbox(t, { connectionString: url, schema })
  await Promise.all([inbox.add(newEvent('a', { id: 'held' })), inbox.add(newEvent('b', { id: 'other' }))])
  const [held] = await claim(inbox)
  await busy(t, schema, async () => { await run(EMPTY, schema) })
  t.equal(await inbox.get('held'), undefined)
  t.equal(await inbox.get('other'), undefined)
  if (held !== undefined) await inbox.settle(held, [])
  t.same(await recounted(schema), NOTHING)
})

test('an inbox is moved to another schema by hand', async (t) => {
  const [schema, next] = [newSchema(), newSchema()]
  const before = await startApp(t, schema)
  const { id } = await before.receive('a', 'done')
  await before.receive('broken', 'again')
  await before.receive('broken', 'behind it')
  await until(async () => (await before.stats()).failing === 1 && (await before.stats()).done === 1)
  await before.app.close()
  const { app, heard, receive, stats } = await startApp(t, next)
  await admin.query(`INSERT INTO ${pg.escapeIdentifier(schema)}.completions SELECT born, 'by itself' FROM ${pg.escapeIdentifier(schema)}.events`)
  await run(MOVE, schema, next)
  const completed = async (schema: string) => (await admin.query<Record<string, unknown>>(`SELECT * FROM ${pg.escapeIdentifier(schema)}.completions ORDER BY born`)).rows
  t.same(await completed(next), await completed(schema))
  t.equal((await receive('a', 'done')).status, 'duplicate')
  t.equal((await receive('a', 'afterwards')).status, 'accepted')
  await until(() => heard.includes('afterwards') && heard.includes('again'))
  await until(async () => (await stats()).done === 2)
  t.match(await stats(), { pending: 2, failing: 1, dead: 0 })
  t.equal(await app.webhooks.inbox.replay([id]), 1)
  await until(() => heard.includes('done'))
  t.notOk(heard.includes('behind it'))
  await until(async () => (await stats()).done === 2)
  t.same(await recounted(next), NOTHING)
})

for (const [where, blockFor] of [['in its lane', Infinity], ['beside it', 0]] as const) {
  test(`what waits ${where} to be tried again is tried at once`, async (t) => {
    const schema = newSchema()
    const { heard, receive, stats } = await startApp(t, schema, { retry: { minDelay: 3_600_000, maxDelay: 3_600_000, blockFor } })
    await receive('broken')
    await until(async () => (await stats()).failing === 1)
    const { rows } = await admin.query<{ lane: string }>(`SELECT lane FROM ${pg.escapeIdentifier(schema)}.pending`)
    if (blockFor > 0) t.same(rows, [{ lane: 'broken' }])
    await run(AGAIN.replace('5f0c9a7e', String(rows[0]?.lane)), schema)
    await until(() => heard.length === 2)
    t.same(await recounted(schema), NOTHING)
  })
}

test('what is being tried is not tried again at once', async (t) => {
  const schema = newSchema()
  const { app, receive } = await startApp(t, schema)
  const { promise, resolve } = gate()
  let times = 0
  app.webhooks.on('newMessage', async () => {
    times++
    await promise
  })
  await receive('a')
  await until(() => times === 1)
  await run(AGAIN.replace('5f0c9a7e', 'a'), schema)
  const { rows } = await admin.query(`SELECT FROM ${pg.escapeIdentifier(schema)}.lanes WHERE lane = 'a' AND due > now()`)
  t.equal(rows.length, 1)
  resolve(undefined)
})

test('the lane of a process that hangs is taken from it', async (t) => {
  const schema = newSchema()
  const hanging = await openInbox(t, { connectionString: url, schema, lease: 3_600_000 })
  const event = message('a')
  await hanging.add(newEvent('a', { event: { ...event }, body: Buffer.from(JSON.stringify(event)) }))
  const [held] = await claim(hanging)
  t.match(held, { lane: 'a' })
  const { stats } = await startApp(t, schema)
  t.match(await stats(), { pending: 1 })
  await run(TAKE.replace('5f0c9a7e', 'a'), schema)
  await until(async () => (await stats()).pending === 0)
  t.same(await recounted(schema), NOTHING)
})
