import { isDeepStrictEqual } from 'node:util'
import pg from 'pg'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import type { Claim, Inbox, Outcome } from '../../../index.ts'
import { until } from '../../faults/helpers/until.ts'
import { Database } from '../../../lib/inbox/postgres/database.ts'
import { AutoRecount } from '../../../lib/inbox/postgres/auto-recount.ts'
import { lockOf } from '../../../lib/inbox/postgres/sql/epochs.ts'
import { lines, openInbox, openPool, postgresUrl, schemas } from '../../helpers/postgres.ts'
import { adds, claim, dead, done, newEvent } from '../conformance.ts'

tap.setTimeout(120_000)

const url = await postgresUrl(tap)
const newSchema = schemas(tap, url)
const admin = openPool(tap, url)

const NOTHING = { pending: 0, done: 0, dead: 0, invalid: 0, removed: 0, stateless: 0, lanes: 0 }

class Tables {
  readonly schema = newSchema()
  readonly #name = pg.escapeIdentifier(this.schema)

  /** Runs SQL in which `IN.` stands for the schema. */
  async sql (text: string): Promise<Array<Record<string, unknown>>> {
    const { rows } = await admin.query<Record<string, unknown>>(text.replaceAll('IN.', `${this.#name}.`))
    return rows
  }

  async recount (): Promise<object> {
    const [row = {}] = await this.sql('SELECT * FROM IN.recount()')
    return Object.fromEntries(Object.entries(row).map(([name, count]) => [name, Number(count)]))
  }

  async count (): Promise<Record<string, number>> {
    const [row = {}] = await this.sql(`SELECT (SELECT count(*) FROM IN.pending) AS pending, count(*) FILTER (WHERE state = 1) AS done,
      count(*) FILTER (WHERE state = 2) AS dead, count(*) FILTER (WHERE state = 3) AS invalid FROM IN.finished`)
    return Object.fromEntries(Object.entries(row).map(([name, count]) => [name, Number(count)]))
  }
}

async function openOne (t: Test, host: Parameters<typeof openInbox>[2] = {}) {
  const tables = new Tables()
  return { tables, inbox: await openInbox(t, { connectionString: url, schema: tables.schema }, host) }
}

const counts = async (inbox: Inbox) => {
  const { pending, done, dead, invalid } = await inbox.stats()
  return { pending, done, dead, invalid }
}

/** Delivers until nothing is due, and returns the ids in their order. */
async function deliver (inbox: Inbox): Promise<string[]> {
  const ids: string[] = []
  for (let claims = await claim(inbox); claims.length > 0; claims = await claim(inbox)) {
    for (const held of claims) ids.push(...held.events.map(({ id }) => id))
    for (const held of claims) await inbox.settle(held, held.events.map(({ seq }) => ({ seq, state: 'done', dueAt: null, completed: [], error: null })))
  }
  return ids
}

/** Does all that apps do, until it is over. */
async function work (inbox: Inbox, tables: Tables, { signal }: AbortController, onTurn: () => void): Promise<void> {
  for (let n = 0; !signal.aborted; n++) {
    await Promise.all(adds(inbox, ...Array.from({ length: 20 }, (_, i) => newEvent(`lane ${i}`, i === 7 ? { state: 'invalid', problems: ['/a: wrong'] } : {}))))
    const claims = await inbox.claim(12)
    for (const [i, held] of claims.entries()) await inbox.settle(held, ends[i % ends.length]?.(held) ?? [])
    const ids = (await inbox.list({ limit: 10, state: n % 2 === 0 ? 'dead' : 'done' })).map(({ id }) => id)
    await inbox.replay(ids.slice(0, 3))
    await inbox.discard(ids.slice(3, 5))
    await tables.sql('SELECT IN.rotate()').catch(() => {}) // it does not wait long
    onTurn()
  }
}

const again = (held: Claim, more: Partial<Outcome>) => done(held).map((outcome): Outcome => ({ ...outcome, state: 'pending', dueAt: 1, error: 'broken', ...more }))
const ends = [done, dead, (held: Claim) => again(held, {}), (held: Claim) => again(held, { aside: true }), () => []]

test('counts that are wrong are put right while everybody goes on, each of them once, and nothing that is right is changed', async (t) => {
  const tables = new Tables()
  const inboxes = await Promise.all([1, 2, 3].map(async () => await openInbox(t, { connectionString: url, schema: tables.schema, keep: 500 })))
  const over = new AbortController()
  let turns = 0
  const working = Promise.all(inboxes.map(async (inbox) => { await work(inbox, tables, over, () => { turns++ }) }))
  const sum: Record<string, number> = {}
  for (let round = 1; round <= 6; round++) {
    const before = turns
    await until(() => turns > before + 6)
    await tables.sql(`UPDATE IN.totals SET pending = pending + 70, done = done - 7, dead = dead + 1, invalid = invalid + 3 WHERE shard = ${round}`)
    for (const found of await Promise.all([1, 2, 3].map(async () => await tables.recount()))) {
      for (const [name, count] of Object.entries(found)) sum[name] = Number(count) + (sum[name] ?? 0)
    }
  }
  over.abort()
  await working
  t.same(sum, { ...NOTHING, pending: -420, done: 42, dead: -6, invalid: -18 })
  for (const inbox of inboxes) await inbox.stats()
  t.same(await tables.recount(), NOTHING)
  // There are three, and they still purge: between the two reads as well.
  await until(async () => isDeepStrictEqual(await counts(inboxes[0] as Inbox), await tables.count()))
})

test('whoever does not see what another recount has put right fails, and may begin anew', async (t) => {
  const { inbox, tables } = await openOne(t)
  await inbox.add(newEvent('a'))
  await tables.sql('TRUNCATE IN.pending')
  const [first, second] = await Promise.all([admin.connect(), admin.connect()])
  const recount = `SELECT * FROM ${pg.escapeIdentifier(tables.schema)}.recount()`
  await first.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  await first.query(recount)
  await second.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  const { rows: [{ pid } = { pid: 0 }] } = await second.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  const refused = t.rejects(second.query(recount), { code: '40001' })
  await until(async () => (await admin.query('SELECT FROM pg_locks WHERE NOT granted AND pid = $1', [pid])).rows.length === 1)
  await first.query('COMMIT')
  await refused
  await second.query('ROLLBACK')
  first.release()
  second.release()
  t.same(await tables.recount(), NOTHING)
  t.same(await counts(inbox), { pending: 0, done: 0, dead: 1, invalid: 0 })
})

test('what is left of events that were deleted is removed', async (t) => {
  const { inbox, tables } = await openOne(t)
  await Promise.all(adds(inbox, newEvent('a', { id: 'gone' }), newEvent('a', { id: 'next' }), newEvent('b', { id: 'dead' }), newEvent('c', { id: 'stays' })))
  for (const held of await claim(inbox)) await inbox.settle(held, held.lane === 'b' ? dead(held) : [])
  await inbox.stats()
  await tables.sql("DELETE FROM IN.events WHERE trim(trailing '\\000' from id) IN ('gone', 'dead')")
  t.same(await tables.recount(), { ...NOTHING, pending: -1, dead: -1, removed: 2 })
  t.same(await counts(inbox), { pending: 2, done: 0, dead: 0, invalid: 0 })
  t.same((await deliver(inbox)).toSorted(), ['next', 'stays'])
  t.same(await tables.recount(), NOTHING)
})

test('an event whose row in pending or finished was deleted is dead, and can be replayed', async (t) => {
  const { inbox, tables } = await openOne(t)
  await Promise.all(adds(inbox, newEvent('a', { id: '1' }), newEvent('a', { id: '2' }), newEvent('b', { id: '3' })))
  for (const held of await claim(inbox)) if (held.lane === 'b') await inbox.settle(held, done(held))
  await inbox.stats()
  await tables.sql('TRUNCATE IN.pending, IN.finished')
  t.same(await tables.recount(), { ...NOTHING, pending: -2, done: -1, dead: 3, stateless: 3 })
  t.match(await inbox.list({ state: 'dead' }), [{ id: '3', error: /deleted/ }, { id: '2' }, { id: '1' }])
  t.equal(await inbox.replay(['2', '3']), 2)
  t.equal(await inbox.discard(['1']), 1)
  t.same(await counts(inbox), { pending: 2, done: 0, dead: 0, invalid: 0 })
  t.same(await tables.recount(), NOTHING)
})

test('lanes that were deleted are found again, when they are due, and in order', async (t) => {
  const { inbox, tables } = await openOne(t)
  await Promise.all(adds(inbox, newEvent('later', { id: 'later' }), newEvent('a', { id: 'a1' }), newEvent('b', { id: 'b1' })))
  for (const held of await claim(inbox)) {
    await inbox.settle(held, held.lane === 'later' ? done(held).map((outcome) => ({ ...outcome, state: 'pending', dueAt: Date.now() + 3_600_000 })) : [])
  }
  await inbox.stats()
  await tables.sql('DELETE FROM IN.lanes')
  await inbox.add(newEvent('a', { id: 'a2' }))
  t.same(await tables.recount(), { ...NOTHING, lanes: 3 })
  t.same((await deliver(inbox)).toSorted(), ['a1', 'a2', 'b1'])
  t.same(await tables.recount(), NOTHING)
  t.match(await inbox.list({ state: 'pending' }), [{ id: 'later' }])
})

test('a lane that is found again while it is held is gone on with afterwards', async (t) => {
  const { inbox, tables } = await openOne(t)
  await Promise.all(adds(inbox, newEvent('a', { id: 'a1' }), newEvent('b', { id: 'b1' })))
  await tables.sql('DELETE FROM IN.lanes')
  await inbox.add(newEvent('a', { id: 'a2' }))
  const [held] = await claim(inbox)
  t.match(held?.events, [{ id: 'a2' }])
  t.same(await tables.recount(), { ...NOTHING, lanes: 2 })
  if (held !== undefined) await inbox.settle(held, done(held))
  t.same((await deliver(inbox)).toSorted(), ['a1', 'b1'])
  t.same(await tables.sql('SELECT lane FROM IN.lanes'), [])
})

test('tables that were emptied all of them are what they were at the start', async (t) => {
  const { inbox, tables } = await openOne(t)
  await Promise.all(adds(inbox, newEvent('a'), newEvent('b')))
  await tables.sql('TRUNCATE IN.events, IN.pending, IN.finished, IN.lanes, IN.totals, IN.epochs')
  t.same(await tables.recount(), NOTHING)
  t.same(await tables.sql('SELECT count(*)::int AS count, min(epoch) AS epoch FROM IN.totals'), [{ count: 16, epoch: 1 }])
  await inbox.add(newEvent('a', { id: 'new' }))
  t.same(await deliver(inbox), ['new'])
  t.same(await counts(inbox), { pending: 0, done: 1, dead: 0, invalid: 0 })
})

test('an epoch that began in another server, from which the tables were restored, ends as others do', async (t) => {
  const { tables } = await openOne(t)
  t.same(await tables.sql('SELECT IN.rotate()'), [{ rotate: false }])
  await tables.sql('UPDATE IN.epochs SET began = (began::text::bigint + 1000000000)::text::xid8')
  t.same(await tables.sql('SELECT IN.rotate()'), [{ rotate: true }])
})

test('a backlog that is full by count alone is counted again, and takes events then', async (t) => {
  const { log, written } = lines()
  let woken = 0
  const { inbox, tables } = await openOne(t, { log, maxBacklog: 2, wake: () => { woken++ } })
  const warnings = () => written.filter(({ level, msg }) => level === 40 && /counts/.test(String(msg)))
  await Promise.all(adds(inbox, newEvent('a'), newEvent('b')))
  await tables.sql('TRUNCATE IN.events, IN.pending, IN.finished, IN.lanes')
  const before = woken
  await t.rejects(async () => await inbox.add(newEvent('c')), { code: 'FST_ONEROUTE_BACKLOG_FULL' })
  await until(() => warnings().length === 1)
  t.match(warnings(), [{ ...NOTHING, pending: -2 }])
  t.ok(woken > before)
  t.equal(await inbox.add(newEvent('c')), 'accepted')
  await inbox.add(newEvent('c'))
  await t.rejects(async () => await inbox.add(newEvent('c')), { code: 'FST_ONEROUTE_BACKLOG_FULL' })
  await inbox.close()
  t.equal(warnings().length, 1, 'no more often than once a minute')
})

test('a backlog that is full is counted again without a word', async (t) => {
  const { log, written } = lines()
  const { inbox, tables } = await openOne(t, { log, maxBacklog: 1 })
  await inbox.add(newEvent('a'))
  const totals = await tables.sql('SELECT * FROM IN.totals ORDER BY shard')
  await t.rejects(async () => await inbox.add(newEvent('c')), { code: 'FST_ONEROUTE_BACKLOG_FULL' })
  await inbox.close()
  t.same(written.filter(({ level }) => Number(level) >= 40), [])
  t.same(await tables.sql('SELECT * FROM IN.totals ORDER BY shard'), totals)
})

for (const [what, change] of [
  ['too many', 'UPDATE IN.totals SET pending = pending + 1 WHERE shard = 3'],
  ['too few', 'UPDATE IN.totals SET pending = pending - 1 WHERE shard = 3; UPDATE IN.totals SET done = done - 1 WHERE shard = 3'],
  ['without their bodies', "INSERT INTO IN.pending (seq, lane, size) VALUES (0, 'a', 1)"]
] as const) {
  test(`stats that cannot be right have the events counted again: ${what}`, async (t) => {
    const { log, written } = lines()
    const { inbox, tables } = await openOne(t, { log })
    if (what !== 'too many') await inbox.add(newEvent('a'))
    await inbox.stats()
    await tables.sql(change)
    await inbox.stats()
    await until(() => written.some(({ level }) => level === 40))
    t.same(await counts(inbox), await tables.count())
    t.same(await tables.recount(), NOTHING)
  })
}

test('that the events could not be counted is said', async (t) => {
  const { log, written } = lines()
  const { inbox, tables } = await openOne(t, { log })
  await tables.sql('UPDATE IN.totals SET dead = -1 WHERE shard = 0; DROP FUNCTION IN.recount')
  await inbox.stats()
  await until(() => written.some(({ level }) => level === 40))
  t.match(written.filter(({ level }) => level === 40), [{ err: { code: '42883' }, msg: /could not be counted again/ }])
  await inbox.stats()
})

test('closing waits for a recount', async (t) => {
  const { log, written } = lines()
  const { inbox, tables } = await openOne(t, { log })
  await tables.sql('UPDATE IN.totals SET dead = -1 WHERE shard = 0')
  const client = await admin.connect()
  await client.query(`SELECT pg_advisory_lock(${lockOf(pg.escapeIdentifier(tables.schema), 'recount')})`)
  await inbox.stats()
  await until(async () => (await admin.query("SELECT FROM pg_stat_activity WHERE wait_event = 'advisory' AND query LIKE $1", [`%${tables.schema}%recount()%`])).rows.length === 1)
  const order: string[] = []
  const closed = Promise.resolve(inbox.close()).then(() => { order.push('closed') })
  // It tells the others when all that it had under way has ended.
  await client.query(`LISTEN ${pg.escapeIdentifier(tables.schema)}`)
  client.on('notification', () => { order.push('told') })
  await client.query('SELECT pg_advisory_unlock_all()')
  order.push('let')
  await closed
  await client.query('SELECT')
  client.release(true)
  t.same(order.filter((what) => what !== 'told'), ['let', 'closed'])
  t.equal(order[0], 'let')
  t.match(written.filter(({ level }) => level === 40), [{ ...NOTHING, dead: 1 }])
})

test('once it is closed, nothing is counted any more', async (t) => {
  const { tables } = await openOne(t)
  const { log, written } = lines()
  await tables.sql('UPDATE IN.totals SET dead = -1 WHERE shard = 0')
  const auto = new AutoRecount({ database: new Database(admin, log), schema: tables.schema, log, onCorrected: () => {} })
  await auto.close()
  auto.recountSoon()
  await auto.close()
  t.same(written, [])
  t.same(await tables.recount(), { ...NOTHING, dead: 1 })
})

test('several processes pass maxBacklog by what all but one of them add at that moment, and no more', async (t) => {
  const tables = new Tables()
  const inboxes = await Promise.all([1, 2, 3, 4].map(async () => await openInbox(t, { connectionString: url, schema: tables.schema }, { maxBacklog: 100 })))
  const client = await admin.connect()
  // It lets all of them see how many there are before any of them stores something.
  await client.query(`BEGIN; LOCK TABLE ${pg.escapeIdentifier(tables.schema)}.lanes IN SHARE MODE`)
  const added = Promise.allSettled(inboxes.flatMap((inbox) => adds(inbox, ...Array.from({ length: 500 }, () => newEvent('a')))))
  const waiting = async () => (await admin.query('SELECT FROM pg_locks WHERE NOT granted AND relation = $1::regclass', [`${pg.escapeIdentifier(tables.schema)}.lanes`])).rows.length
  await until(async () => await waiting() === 4)
  await client.query('ROLLBACK')
  client.release()
  const statuses = (await added).map(({ status }) => status)
  t.equal(statuses.filter((status) => status === 'fulfilled').length, 400)
  t.same(await counts(inboxes[0] as Inbox), { pending: 400, done: 0, dead: 0, invalid: 0 }) // there are four
  await t.rejects(async () => await inboxes[1]?.add(newEvent('a')), { code: 'FST_ONEROUTE_BACKLOG_FULL' })
})

test('what listeners have completed of events that are gone goes, too', async (t) => {
  const { tables, inbox } = await openOne(t)
  await inbox.add(newEvent('a'))
  await tables.sql("INSERT INTO IN.completions SELECT born + n, 'save' FROM IN.events CROSS JOIN generate_series(0, 1) AS n")
  t.same(await tables.recount(), NOTHING)
  t.same(await tables.sql('SELECT c.born = e.born AS stays FROM IN.completions c CROSS JOIN IN.events e'), [{ stays: true }])
})
