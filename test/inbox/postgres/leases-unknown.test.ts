import { randomUUID } from 'node:crypto'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import type { Claim, Inbox } from '../../../index.ts'
import { Database } from '../../../lib/inbox/postgres/database.ts'
import { Leases } from '../../../lib/inbox/postgres/leases.ts'
import { until } from '../../faults/helpers/until.ts'
import { turns } from '../../helpers/app.ts'
import { lines, LossyPool, openInbox, openPool, postgresUrl, schemas } from '../../helpers/postgres.ts'
import { done, newEvent } from '../conformance.ts'

const url = await postgresUrl(tap)

const newSchema = schemas(tap, url)

const pool = openPool(tap, url)

async function claimed (inbox: Inbox, lanes = 64): Promise<readonly Claim[]> {
  for (;;) {
    const claims = await inbox.claim(lanes)
    if (claims.length > 0) return claims
    await turns()
  }
}

/** Leases of a process of its own, beside an inbox that has one event. */
async function leasesBeside (t: Test, lease: number) {
  const schema = newSchema()
  const inbox = await openInbox(t, { connectionString: url, schema })
  await inbox.add(newEvent('a'))
  const holder = randomUUID()
  const { log } = lines()
  const database = new Database(pool, log)
  const leases = new Leases({ database, schema, log, lease, holder })
  t.teardown(async () => {
    await leases.close()
    await database.close()
  })
  return { schema, inbox, holder, leases }
}

test('what was claimed without this process having learnt of it is claimed again', async (t) => {
  const lossy = new LossyPool(url)
  t.teardown(async () => { await lossy.end() })
  const inbox = await openInbox(t, { pool: lossy, schema: newSchema(), lease: 60_000 })
  await inbox.add(newEvent('a', { id: 'a1' }))
  lossy.lose = 'turn('
  await t.rejects(async () => await inbox.claim(1), { code: 'FST_ONEROUTE_INBOX_UNAVAILABLE', cause: { message: /terminated/ } })
  const [held] = await inbox.claim(1)
  t.same(held?.events.map(({ id }) => id), ['a1'])
  lossy.lose = 'turn('
  if (held !== undefined) await inbox.settle(held, done(held))
  await t.rejects(async () => await inbox.stats(), { code: 'FST_ONEROUTE_INBOX_UNAVAILABLE' })
  while ((await inbox.stats()).done === 0) await turns()
  t.match(await inbox.stats(), { pending: 0, done: 1 })
})

test('what was claimed without this process having learnt of it is given back when it is closed', async (t) => {
  const lossy = new LossyPool(url)
  t.teardown(async () => { await lossy.end() })
  const schema = newSchema()
  const [inbox, other] = [await openInbox(t, { pool: lossy, schema, lease: 60_000 }), await openInbox(t, { connectionString: url, schema, lease: 60_000 })]
  await inbox.add(newEvent('a', { id: 'a1' }))
  lossy.lose = 'turn('
  await t.rejects(async () => await inbox.claim(1), { code: 'FST_ONEROUTE_INBOX_UNAVAILABLE' })
  await inbox.close()
  t.match(await other.claim(1), [{ lane: 'a', events: [{ id: 'a1', attempt: 1 }] }])
})

test('an event is stored once, also if the answer to that is lost', async (t) => {
  const lossy = new LossyPool(url)
  t.teardown(async () => { await lossy.end() })
  const inbox = await openInbox(t, { pool: lossy, schema: newSchema() })
  lossy.lose = 'add_events('
  t.equal(await inbox.add(newEvent('a')), 'duplicate', 'for it was stored before')
  t.match(await inbox.stats(), { pending: 1 })
})

test('what the server leased to this process after it had given up waiting comes back when the lease is over', async (t) => {
  const schema = newSchema()
  const inbox = await openInbox(t, { connectionString: url, schema })
  await inbox.add(newEvent('a', { id: 'a1' }))
  await claimed(inbox)
  await pool.query(`UPDATE "${schema}".lanes SET claim = claim + 1000, due = now()`) // as if it were of a claim that this process knows nothing of
  t.match(await claimed(inbox), [{ lane: 'a', events: [{ id: 'a1' }] }])
})

test('a claim that is abandoned while those before it are given back is given back, too, and so are those for which it failed', async (t) => {
  const { schema, holder, leases } = await leasesBeside(t, 600_000)
  const lease = async () => await pool.query(`UPDATE "${schema}".lanes SET holder = $1, claim = 7`, [holder])
  const isLeased = async () => (await pool.query(`SELECT FROM "${schema}".lanes WHERE claim = 7`)).rowCount === 1

  await lease()
  const locking = await pool.connect()
  await locking.query(`BEGIN; LOCK TABLE "${schema}".lanes`)
  leases.abandon(7)
  const mending = leases.releaseAbandoned()
  await until(async () => (await pool.query('SELECT FROM pg_stat_activity WHERE wait_event_type = $1 AND query = $2', ['Lock', `SELECT "${schema}".release($1, $2)`])).rowCount === 1)
  leases.abandon(7) // the server had not been through with that turn
  await locking.query('COMMIT')
  locking.release()
  await mending
  t.notOk(await isLeased())

  await lease()
  await pool.query(`ALTER FUNCTION "${schema}".release RENAME TO gone`)
  await t.rejects(leases.releaseAbandoned(), { code: '42883' })
  t.ok(await isLeased())
  await pool.query(`ALTER FUNCTION "${schema}".gone RENAME TO release`)
  await leases.releaseAbandoned()
  t.notOk(await isLeased())
})

test('a claim that the server makes only after it was given back, as its connection was lost before, is given back again', async (t) => {
  const { schema, inbox, holder, leases } = await leasesBeside(t, 1_000)
  leases.abandon(7)
  await leases.releaseAbandoned()
  await pool.query(`UPDATE "${schema}".lanes SET holder = $1, claim = 7, due = now() + interval '1 hour'`, [holder]) // the statement had waited for a lock
  await until(async () => (await pool.query(`SELECT FROM "${schema}".lanes WHERE claim IS NULL`)).rowCount === 1)
  t.match(await claimed(inbox), [{ lane: 'a', events: [{ attempt: 1 }] }])
})
