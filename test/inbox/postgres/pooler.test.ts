import Fastify from 'fastify'
import pg from 'pg'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import { Database } from '../../../lib/inbox/postgres/database.ts'
import { codeOf } from '../../../lib/errors/error-of.ts'
import { postgresInbox } from '../../../lib/inbox/postgres/inbox.ts'
import type { PostgresInboxOptions } from '../../../lib/inbox/postgres/inbox.ts'
import { job } from '../../faults/helpers/client.ts'
import { until } from '../../faults/helpers/until.ts'
import { createApp } from '../../helpers/app.ts'
import { Pooler } from '../../helpers/pooler.ts'
import { openPool, postgresUrl, schemas } from '../../helpers/postgres.ts'

const CONVERSATIONS = 10
const EVENTS = 10

const url = await postgresUrl(tap)
const newSchema = schemas(tap, url)
const admin = openPool(tap, url)
const said = /prepared statements do not last here/

/** Two processes behind a pooler do all that an app can have done. */
async function doAll (t: Test, optionsOf: (schema: string) => PostgresInboxOptions): Promise<void> {
  const schema = newSchema()
  const heard: string[] = []
  const apps = await Promise.all([0, 1].map(async () => {
    const started = await createApp(t, { inbox: postgresInbox(optionsOf(schema)), retry: { minDelay: 1, maxDelay: 2, attempts: 2 } })
    const { webhooks } = started.app
    webhooks.on('event', (event, { attempt }) => {
      const { conversation, n, fails = 0 } = event as unknown as ReturnType<typeof job> // what is received here
      if (attempt <= fails) throw new Error('as it was told')
      heard.push(`${conversation.id} ${n}`)
    })
    await started.app.ready()
    return { ...started, webhooks }
  }))
  const [one, other] = apps
  if (one === undefined || other === undefined) return
  const ids: string[] = []
  for (let n = 0; n < EVENTS; n++) {
    const answers = await Promise.all(Array.from({ length: CONVERSATIONS }, async (_, i) => {
      return await apps[(i + n) % 2]?.webhooks.receive(job(`${i}`, n, n === 3 ? { fails: 1 } : {}))
    }))
    for (const answer of answers) if (answer?.status === 'accepted') ids.push(answer.id)
  }
  const all = CONVERSATIONS * EVENTS
  await until(async () => (await one.webhooks.inbox.stats()).done === all)
  for (let i = 0; i < CONVERSATIONS; i++) {
    t.same(heard.filter((name) => name.startsWith(`${i} `)), Array.from({ length: EVENTS }, (_, n) => `${i} ${n}`))
  }
  t.equal(await other.webhooks.inbox.replay(ids), all)
  await until(async () => (await other.webhooks.inbox.stats()).done === all)
  t.equal(heard.length, 2 * all)
  t.equal((await other.webhooks.inbox.list({ limit: 5 })).length, 5)
  t.equal(await one.webhooks.inbox.discard(ids.slice(0, 1)), 1)
  t.equal(await one.webhooks.inbox.forget('1'), EVENTS)
  for (const { app, lines } of apps) {
    await app.close()
    t.match(lines.filter(({ msg }) => said.test(msg)), [{ level: 30 }], 'it is said once')
    t.same(lines.filter(({ level, msg }) => level >= 40 && !/unsigned|listener failed/.test(msg)), [])
  }
}

test('behind a pooler that knows nothing of prepared statements everything works, without them', async (t) => {
  const connectionString = await Pooler.open(t, url)
  await doAll(t, (schema) => ({ connectionString, schema }))
})

test('so it does with a pool of the app', async (t) => {
  const pool = openPool(t, await Pooler.open(t, url), { max: 5 })
  await doAll(t, (schema) => ({ pool, schema }))
  t.equal((await pool.query('SELECT')).rows.length, 1)
})

test('behind a pooler a statement that takes too long is cancelled, and no other', async (t) => {
  const pool = openPool(t, await Pooler.open(t, url), { max: 1 })
  const database = new Database(pool, Fastify().log, { connect: 5_000, answer: 100, cancel: 5_000 })
  const isSlow = async () => (await admin.query("SELECT FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND state = 'active'")).rowCount === 1
  const other = admin.query('SELECT pg_sleep(2)')
  await t.rejects(async () => await database.run('SELECT pg_sleep(60)'), { message: /no answer from PostgreSQL within 100 ms/ })
  await until(async () => !await isSlow())
  t.equal((await database.one('SELECT 1 AS value')).value, '1')
  await t.resolves(other)
  await database.close()
  t.equal(pool.totalCount, 1)
})

test('the pooler of these tests is such a one: a name is known to one of its connections, and not to another', async (t) => {
  const client = new pg.Client(await Pooler.open(t, url))
  await client.connect()
  const ask = async () => await client.query({ name: 'one', text: 'SELECT 1' }).then(() => 'ran', codeOf)
  t.same([await ask(), await ask()], ['ran', '26000'], 'as it is with this pooler')
  await client.end()
})
