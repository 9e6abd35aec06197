import tap, { test } from 'tap'
import type { Claim } from '../../../index.ts'
import { until } from '../../faults/helpers/until.ts'
import { racesOn } from '../../faults/helpers/races.ts'
import { beginEpoch, SPEND, stranded, tryEpoch } from '../../helpers/epochs.ts'
import { lines, LossyPool, openInbox, openPool, postgresUrl } from '../../helpers/postgres.ts'
import { claimSoon, failed, ids, Processes, settleAll } from '../../helpers/processes.ts'
import { adds, dead, newEvent } from '../conformance.ts'

const url = await postgresUrl(tap)
const { admin, share, waits, newSchema } = racesOn(tap, url)

const HOUR = 3_600_000

test('what is claimed when an epoch begins is settled as it was claimed, and what is added comes after it', async (t) => {
  const processes = new Processes(t, admin, url)
  const [one, other] = [await processes.open(), await processes.open()]
  await Promise.all(adds(one, ...['a1', 'a2', 'b1', 'b2', 'c1', 'd1', 'e1', 'e2'].map((id) => newEvent(id.charAt(0), { id }))))
  const claims = await one.claim(64)
  await processes.rotate()
  t.equal((await processes.lanes()).length, 5)
  t.same(await other.claim(64), [], 'all are held')
  await other.add(newEvent('a', { id: 'a3' }))
  await processes.rotate()
  const outcomes: Record<string, (claim: Claim) => ReturnType<typeof failed>> = {
    b: (claim) => failed(claim, { aside: true, dueAt: Date.now() + HOUR }), c: dead, d: () => [], e: (claim) => failed(claim, { running: true, dueAt: 0 })
  }
  await settleAll(one, claims, (claim) => outcomes[claim.lane]?.(claim) ?? claim.events.map(({ seq }) => ({ seq, state: 'done', dueAt: null, completed: [], error: null })))
  t.match(await one.stats(), { pending: 6, failing: 2, done: 2, dead: 1 })
  await processes.rotate()
  t.match(await other.stats(), { pending: 6, failing: 2, done: 2, dead: 1 })
  t.same(ids(await claimSoon(other, 64)).sort(), ['a: a3 1', 'b: b2 1', 'd: d1 1'], 'but for what is reserved, and for what waits for its time')
  t.same(ids(await claimSoon(one, 64)), ['e: e1 2 e2 1'])
  t.equal(await stranded(admin, processes.tables), 0)
})

test('what is suspect when an epoch begins is suspect in it, and a lease runs out as it would have', async (t) => {
  const processes = new Processes(t, admin, url)
  const [ended, inbox] = [await processes.open(), await processes.open()]
  await Promise.all(adds(ended, ...['a1', 'a2', 'b1'].map((id) => newEvent(id.charAt(0), { id }))))
  await ended.claim(64)
  await processes.expire()
  await processes.rotate()
  const first = await claimSoon(inbox, 64)
  t.equal(first.length, 1)
  await processes.rotate()
  t.same((await processes.trials()).toSorted(), ids(first)[0]?.startsWith('a') === true ? ['a1 1 1', 'a2 - 0', 'b1 0 1'] : ['a1 0 1', 'a2 - 0', 'b1 1 1'])
  t.match(await processes.lanes(), [{ lane: 'a', suspect: true }, { lane: 'b', suspect: true }])
  t.same(await inbox.claim(64), [], 'it has one')
  await settleAll(inbox, first)
  while ((await inbox.stats()).pending > 0) {
    await processes.rotate()
    await settleAll(inbox, await claimSoon(inbox, 64))
  }
  t.match(await inbox.stats(), { done: 3, pending: 0 })
  t.same(await processes.lanes(), [])
})

test('what is held when an epoch begins is renewed, and what its process has not learnt of is given back', async (t) => {
  const schema = newSchema()
  const lossy = new LossyPool(url)
  t.teardown(async () => { await lossy.end() })
  const tables = `"${schema}"`
  const one = await openInbox(t, { pool: lossy, schema, lease: 1_000 })
  const other = await openInbox(t, { connectionString: url, schema, lease: 1_000 })
  await one.add(newEvent('a', { id: 'a1' }))
  const [held] = await one.claim(1)
  await beginEpoch(admin, tables)
  const ends = new Set<string>()
  await until(async () => {
    ends.add(String((await admin.query<{ due: string }>(`SELECT due::text FROM ${tables}.lanes`)).rows[0]?.due))
    return ends.size === 6 // which is twice as long as a lease
  })
  t.same(await other.claim(1), [])
  t.equal(held?.isHeld, true)
  await one.add(newEvent('b', { id: 'b1' }))
  lossy.lose = 'turn('
  await t.rejects(async () => await one.claim(1), { code: 'FST_ONEROUTE_INBOX_UNAVAILABLE' })
  await beginEpoch(admin, tables)
  t.same(ids(await one.claim(1)), ['b: b1 1'])
})

test('replays, removals and counts are of the epoch that has begun', async (t) => {
  const processes = new Processes(t, admin, url)
  const inbox = await processes.open()
  await Promise.all(adds(inbox, ...['a1', 'a2', 'b1', 'c1'].map((id) => newEvent(id.charAt(0), { id })), newEvent('d', { id: 'd1', state: 'invalid', problems: ['wrong'] })))
  await settleAll(inbox, await inbox.claim(64), ({ events }) => events.map(({ seq }) => ({ seq, state: 'dead', dueAt: null, completed: [], error: null })))
  await processes.rotate()
  t.equal(await inbox.replay(['a2', 'a1', 'd1']), 3)
  await processes.rotate()
  t.match(await inbox.stats(), { pending: 3, dead: 2, invalid: 0 })
  t.equal(await inbox.add(newEvent('c', { id: 'c1' })), 'accepted', 'it was dead')
  await processes.rotate()
  t.equal(await inbox.discard(['a1', 'b1']), 2)
  await processes.rotate()
  t.equal(await inbox.forget('d'), 1)
  t.match(await inbox.stats(), { pending: 2, done: 0, dead: 0, invalid: 0 })
  t.same(ids(await claimSoon(inbox, 64)).sort(), ['a: a2 1', 'c: c1 1'])
  t.equal(await stranded(admin, processes.tables), 0)
})

test('an epoch begins once there is enough to leave behind, and of several that try at the same time one begins it', async (t) => {
  const { tables } = await share(t, 1)
  const begun = async () => (await admin.query<{ begun: boolean }>(`SELECT ${tables}.rotate() AS begun`)).rows[0]?.begun
  t.equal(await begun(), false)
  await admin.query(SPEND)
  const first = await admin.connect()
  await first.query('BEGIN')
  t.match((await first.query(`SELECT ${tables}.rotate() AS begun`)).rows, [{ begun: true }])
  const second = begun()
  await waits(second.catch(() => {}), first)
  await first.query('COMMIT')
  first.release()
  t.equal(await second.catch(() => false), false)
  t.match((await admin.query(`SELECT epoch FROM ${tables}.epochs`)).rows, [{ epoch: 2 }])
  await tryEpoch(admin, tables)
  t.match((await admin.query(`SELECT epoch FROM ${tables}.epochs`)).rows, [{ epoch: 2 }], 'it has just begun')
  await admin.query(SPEND)
  t.match(await admin.query(`UPDATE ${tables}.epochs SET began_at = clock_timestamp(); SELECT ${tables}.rotate() AS begun`), [{}, { rows: [{ begun: false }] }],
    'however much was done since')
})

test('with very many lanes no epoch begins, for it would take long', async (t) => {
  const { tables } = await share(t, 1)
  const begun = async () => (await admin.query<{ begun: boolean }>(`SELECT ${tables}.rotate() AS begun`)).rows[0]?.begun
  await admin.query(`INSERT INTO ${tables}.lanes (epoch, lane, head, due, adds) SELECT 1, n, 0, 'infinity', 1 FROM generate_series(1, 20001) AS n`)
  await admin.query(`UPDATE ${tables}.epochs SET began = '3'`)
  t.equal(await begun(), false)
  await admin.query(`DELETE FROM ${tables}.lanes WHERE lane = '1'`)
  t.equal(await begun(), true)
})

test('processes that deliver begin epochs, and one that cannot says so to those who look closely', async (t) => {
  const { log, written } = lines()
  const { tables } = await share(t, 1)
  const inbox = await openInbox(t, { pool: openPool(t, url), schema: tables.slice(1, -1) }, { log })
  await inbox.claim(1)
  const client = await admin.connect()
  await client.query(`BEGIN; SELECT ${tables}.enter()`)
  await admin.query(SPEND)
  await until(() => written.some(({ msg, level }) => msg === 'no new epoch has begun' && level === 20))
  await client.query('COMMIT')
  client.release()
  await until(async () => (await admin.query(`SELECT FROM ${tables}.epochs WHERE epoch > 1`)).rowCount === 1)
  await inbox.close()
  t.equal(await stranded(admin, tables), 0)
  t.same(written.filter(({ level }) => Number(level) > 20), [], 'nobody else has to know')
})
