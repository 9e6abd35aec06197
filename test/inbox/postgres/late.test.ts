import Fastify from 'fastify'
import pg from 'pg'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import { Adds } from '../../../lib/inbox/postgres/adds.ts'
import { Database } from '../../../lib/inbox/postgres/database.ts'
import { Deliveries } from '../../../lib/inbox/postgres/deliveries.ts'
import { LIMITS } from '../../../lib/inbox/postgres/limits.ts'
import { prepareSchema } from '../../../lib/inbox/postgres/schema.ts'
import { Views } from '../../../lib/inbox/postgres/views.ts'
import { until } from '../../faults/helpers/until.ts'
import { lines, openPool, PostgresServer, schemas } from '../../helpers/postgres.ts'
import { newEvent } from '../conformance.ts'

const server = await PostgresServer.create(tap)
const { url } = server
const newSchema = schemas(tap, url)
const admin = openPool(tap, url)

const unavailable = { code: 'FST_ONEROUTE_INBOX_UNAVAILABLE', cause: { message: /no answer from PostgreSQL within \d+ ms/ } }

/** The parts of an inbox that do not wait long for an answer, with a pool of 4 as an inbox has it, and what they do. */
async function openParts (t: Test, limits: Partial<typeof LIMITS> = {}, config: pg.PoolConfig = {}) {
  const { log, written } = lines()
  const schema = newSchema()
  const pool = openPool(t, url, { max: 4, application_name: schema, ...config })
  const database = new Database(pool, log, { ...LIMITS, answer: 200, ...limits })
  await prepareSchema(new Database(admin, Fastify().log), schema)
  const added = { times: 0 }
  const adds = new Adds({ database, schema, log, maxBacklog: 1_000, onAdded: () => { added.times++ } })
  const deliveries = new Deliveries({ database, schema, log, lease: 600_000, onIdle: () => {} })
  const views = new Views(database, schema, { onChange: async () => {} })
  t.teardown(async () => {
    await Promise.all([adds.close(), deliveries.close()])
    await database.close()
  })
  const connections = async () => {
    const { rows } = await admin.query<{ pid: number }>('SELECT pid FROM pg_stat_activity WHERE application_name = $1 ORDER BY pid', [schema])
    return rows.map(({ pid }) => pid)
  }
  const said = (text: RegExp) => written.filter(({ msg }) => text.test(String(msg)))
  return { pool, database, schema, adds, deliveries, views, added, connections, written, said }
}

/** While `work` runs, no transaction that is to be on a standby's disk, too, is committed. */
async function withoutStandby (work: () => Promise<void>): Promise<void> {
  await setStandby('nobody')
  try {
    await work()
  } finally {
    await setStandby('')
  }
}

async function setStandby (name: string): Promise<void> {
  await admin.query(`ALTER SYSTEM SET synchronous_standby_names = '${name}'`)
  await admin.query('SELECT pg_reload_conf()')
  // Whoever commits looks at what the checkpointer has made of it.
  await until(async () => (await admin.query("SELECT FROM pg_settings WHERE name = 'synchronous_standby_names' AND setting = $1", [name])).rowCount === 1)
}

test('with the standby away, what was answered 503 is cancelled: what is stored all the same is told, and no connection is lost', async (t) => {
  const { schema, adds, added, connections, said } = await openParts(t)
  await adds.add(newEvent('a', { id: 'before' }))
  const names = Array.from({ length: 6 }, (_, i) => `a${i}`)
  await withoutStandby(async () => {
    for (const [i, id] of names.entries()) {
      await t.rejects(async () => await adds.add(newEvent(id, { id })), unavailable)
      await until(() => said(/stored after all/).length > i)
    }
  })
  t.equal((await connections()).length, 1)
  t.match(said(/stored after all/), names.map((id) => ({ level: 40, webhooks: [id] })))
  t.equal(added.times, 1 + names.length, 'those who deliver are told each time')
  t.equal(await adds.add(newEvent('a0', { id: 'a0' })), 'duplicate')
  const { rows } = await admin.query(`SELECT FROM ${pg.escapeIdentifier(schema)}.events`)
  t.equal(rows.length, 1 + names.length)
})
