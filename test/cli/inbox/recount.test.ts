import pg from 'pg'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import { lockOf } from '../../../lib/inbox/postgres/sql/epochs.ts'
import { until } from '../../faults/helpers/until.ts'
import { openInbox, openPool, postgresUrl, schemas } from '../../helpers/postgres.ts'
import { adds, newEvent } from '../../inbox/conformance.ts'
import { cli } from '../helpers.ts'

const url = await postgresUrl(tap)
const newSchema = schemas(tap, url)
const admin = openPool(tap, url)

test('what a PostgreSQL inbox counts is put right, and what was wrong is printed', async (t) => {
  const schema = newSchema()
  const tables = pg.escapeIdentifier(schema)
  const recount = async (...argv: string[]) => await cli(['inbox', 'recount', '--db', url, '--schema', schema, ...argv])
  const inbox = await openInbox(t, { connectionString: url, schema })
  await Promise.all(adds(inbox, ...['a', 'b', 'c', 'd', 'e'].map((lane) => newEvent(lane))))
  t.same(await recount(), { code: 0, stdout: 'nothing was wrong\n', stderr: '' })
  await admin.query(`DELETE FROM ${tables}.events WHERE lane = 'a'; DELETE FROM ${tables}.pending WHERE lane = 'b'; DELETE FROM ${tables}.lanes WHERE lane = 'c'`)
  t.same(await recount(), {
    code: 0,
    stdout: `pending  2 counted too many
dead     1 counted too few
1 row of events that are gone removed
1 event whose row in pending or finished is gone: dead now
1 lane with pending events that nobody would have delivered: due now
`,
    stderr: ''
  })
  await admin.query(`DELETE FROM ${tables}.events WHERE lane IN ('c', 'b'); DELETE FROM ${tables}.lanes`)
  t.match(await recount(), { stdout: /^2 rows of .*\n2 lanes with /m })
  await admin.query(`UPDATE ${tables}.totals SET invalid = 2 WHERE shard = 1`)
  t.match(await recount('--json'), { code: 0, stdout: '{"pending":0,"done":0,"dead":0,"invalid":-2,"removed":0,"stateless":0,"lanes":0}\n' })
  t.match(await inbox.stats(), { pending: 2, dead: 0, invalid: 0 })
})

/** Of a statement, in milliseconds. */
const LIMIT = 100

/** An inbox whose counts are wrong, and which is not counted until it is let. */
async function createHeldUp (t: Test) {
  const schema = newSchema()
  await openInbox(t, { connectionString: url, schema })
  await admin.query(`UPDATE ${pg.escapeIdentifier(schema)}.totals SET dead = 1 WHERE shard = 1`)
  const client = await admin.connect()
  await client.query(`SELECT pg_advisory_lock(${lockOf(pg.escapeIdentifier(schema), 'recount')})`)
  const { rows } = await client.query<Record<string, unknown>>("SELECT classid, objid FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
  /** How many wait to count, for so many milliseconds at least. */
  const waiting = async (least = 0) => (await admin.query(
    `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND classid = $1 AND objid = $2
      AND waitstart <= clock_timestamp() - $3 * interval '1 millisecond'`, [rows[0]?.classid, rows[0]?.objid, least])).rows.length
  const release = async () => {
    await client.query('SELECT pg_advisory_unlock_all()')
    client.release()
  }
  const dead = async () => Number((await admin.query<{ sum: string }>(`SELECT sum(dead) FROM ${pg.escapeIdentifier(schema)}.totals`)).rows[0]?.sum)
  return { schema, waiting, release, dead }
}

test('it takes the time that it needs, whatever the limit of the role', async (t) => {
  const { schema, waiting, release, dead } = await createHeldUp(t)
  const limited = new URL(url)
  limited.searchParams.set('options', `-c statement_timeout=${LIMIT}`)
  const recounting = cli(['inbox', 'recount', '--db', limited.href, '--schema', schema])
  // Far beyond the limit, and not as far as the function itself waits for a lock.
  await until(async () => await waiting(4 * LIMIT) === 1)
  await release()
  t.match(await recounting, { code: 0, stdout: 'dead     1 counted too many\n', stderr: '' })
  t.equal(await dead(), 0)
})

test('Ctrl-C does not wait for the server, which leaves all as it was', async (t) => {
  const { schema, waiting, release, dead } = await createHeldUp(t)
  const interrupt = new AbortController()
  const recounting = cli(['inbox', 'recount', '--db', url, '--schema', schema], { interrupt })
  await until(async () => await waiting() === 1)
  interrupt.abort()
  t.match(await recounting, { code: 130, stdout: '', stderr: '' })
  await release()
  await until(async () => await waiting() === 0)
  await until(async () => (await admin.query("SELECT FROM pg_stat_activity WHERE query LIKE '%recount()' AND query LIKE $1 AND pid <> pg_backend_pid()", [`%${schema}%`])).rows.length === 0)
  t.equal(await dead(), 1)
})

test('what is not there is not counted', async (t) => {
  const schema = newSchema()
  t.match(await cli(['inbox', 'recount', '--db', url, '--schema', schema]), { code: 1, stdout: '', stderr: /there is no such inbox/ })
  t.match(await cli(['inbox', 'recount', '--db', 'postgres://ada:lace@127.0.0.1:1/x']), { code: 1, stdout: '', stderr: /ECONNREFUSED/ })
})
