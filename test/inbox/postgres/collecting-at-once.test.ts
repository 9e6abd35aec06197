import { test } from 'tap'
import type { Test } from 'tap'
import type { NewEvent } from '../../../index.ts'
import { until } from '../../faults/helpers/until.ts'
import { claimSoon, ids, settleAll } from '../../helpers/processes.ts'
import { idBytes } from '../../../lib/inbox/postgres/ids.ts'
import { adds } from '../conformance.ts'
import { admin, Collecting, collects, each, eventOf, fails, held, HOUR, later } from './helpers/collecting.ts'

const soon = (t: Test, due: number | undefined, message = 'at once') => t.ok(Number(due) < 60, message)
const inAnHour = (t: Test, due: number | undefined, message = 'in an hour') => t.ok(Number(due) > 3_000 && Number(due) < 4_000, message)
const event = (id: string, collectAfter?: number, more: Partial<NewEvent> = {}) => eventOf(id, { collectAfter, ...more })

/** All that is said of pending events and of lanes, but for when the latter are due. What says nothing is null. */
async function rowsOf ({ tables }: Collecting): Promise<unknown> {
  const { rows: pending } = await admin.query<Record<string, unknown>>(`SELECT p.seq, p.lane, p.size, attempts, since, trial, aside, nullif(completed, '{"completed":[],"refused":[]}') AS completed, error,
    nullif(deliveries, '') AS deliveries, round(extract(epoch FROM due - now()) / 60) AS due, e.lane AS home, e.name, e.received FROM ${tables}.pending p JOIN ${tables}.events e ON e.seq = p.seq ORDER BY seq`)
  const { rows: lanes } = await admin.query<Record<string, unknown>>(`SELECT lane, holder, claim, adds > 0 AS added, suspect, round(extract(epoch FROM due - now()) / 60) AS due FROM ${tables}.lanes ORDER BY lane`)
  return { pending, lanes }
}

test('what is put there at once is stored as what has moved there', async (t) => {
  const [direct, moved] = [new Collecting(t), new Collecting(t)]
  const receivedAt = Date.now() - 600_000
  const events = (collectAfter?: number) => ['a1', 'a2', 'b1'].map((id) => event(id, collectAfter, { receivedAt }))
  t.same(await Promise.all(adds(await direct.open(), ...events(HOUR))), ['accepted', 'accepted', 'accepted'])
  const inbox = await moved.open()
  await Promise.all(adds(inbox, ...events()))
  await settleAll(inbox, await inbox.claim(64), each(collects(receivedAt + HOUR, { refused: [] })))
  const rows = await rowsOf(direct)
  t.same(rows, await rowsOf(moved))
  t.match(rows, { pending: [{ lane: 'collect:a', home: 'a', due: '50' }, {}, { lane: 'collect:b', home: 'b' }], lanes: [{ lane: 'collect:a', due: '50' }, { lane: 'collect:b' }] })
})

test('what is to be delivered is in its own lane, and so is what comes after it, in one statement or another', async (t) => {
  const shared = new Collecting(t)
  const inbox = await shared.open()
  await Promise.all(adds(inbox, event('a1', 0), event('a2'), event('a3', 0), event('b1', 0), event('b2', HOUR), event('c1', HOUR, { state: 'invalid', problems: ['wrong'] })))
  await Promise.all(adds(inbox, event('a4', 0), event('b3', HOUR)))
  const claims = await inbox.claim(64)
  t.same(ids(claims).sort(), ['a: a2 1 a3 1 a4 1', 'collect:a: a1 1', 'collect:b: b1 1 b2 1 b3 1'])
  t.match(await inbox.stats(), { pending: 7, invalid: 1 })
  await settleAll(inbox, claims, each({}))
  t.same(await shared.lanes(), [])
})

test('what is known, or one too many, is no reason for what follows to be delivered first', async (t) => {
  const shared = new Collecting(t)
  const inbox = await shared.open({ maxBacklog: 2 })
  await Promise.all(adds(inbox, event('b1')))
  await settleAll(inbox, await inbox.claim(64), each({}))
  t.same(await Promise.all(adds(inbox, event('b1'), event('b2', 0), event('b2', 0))), ['duplicate', 'accepted', 'duplicate'])
  t.same(await Promise.allSettled(adds(inbox, event('c1', 0), event('c2', 0))).then((answers) => answers.map(({ status }) => status)), ['fulfilled', 'rejected'])
  t.same(ids(await claimSoon(inbox, 64)).sort(), ['collect:b: b2 1', 'collect:c: c1 1'])
})

test('a lane is due with what comes to it, unless it is leased or its first event has failed', async (t) => {
  const shared = new Collecting(t)
  const inbox = await shared.open()
  const due = async () => (await shared.row('collect:a'))?.due
  await inbox.add(event('a1', HOUR))
  inAnHour(t, await due())
  await inbox.add(event('a2', 2 * HOUR))
  inAnHour(t, await due(), 'with the first')
  await Promise.all(adds(inbox, event('a3', 0), event('a4', HOUR)))
  soon(t, await due())
  t.match(await shared.row('collect:a'), { adds: '3' }, 'once for each statement')
  const claim = held(await inbox.claim(64))
  t.same(ids([claim]), ['collect:a: a1 1 a2 1 a3 1 a4 1'])
  await inbox.add(event('a5', 0))
  t.ok(Number(await due()) > 30, 'it is leased')
  await inbox.settle(claim, each(fails(later(), { running: true }), collects(later()))(claim), later())
  await inbox.stats()
  inAnHour(t, await due())
  await inbox.add(event('a6', 0))
  inAnHour(t, await due(), 'its first event has failed')
  t.match(await shared.row('collect:a'), { held: true }, 'and a collector still runs')
  t.equal(await inbox.discard(['a1']), 1)
  soon(t, await due(), 'what has come is due')
  t.same(ids(await claimSoon(inbox, 64)), ['collect:a: a2 1 a3 1 a4 1 a5 1 a6 1'])
})

test('what comes while its lane is held is not late', async (t) => {
  const shared = new Collecting(t)
  const inbox = await shared.open()
  await inbox.add(event('a1', 0))
  const claim = held(await inbox.claim(64))
  await inbox.add(event('a2', 0))
  await inbox.settle(claim, each(collects(later()))(claim), later())
  await inbox.stats()
  soon(t, (await shared.row('collect:a'))?.due)
  const both = held(await claimSoon(inbox, 64))
  await settleAll(inbox, [both], each({}))
  t.same(await shared.lanes(), [])
})

test('a lane that another process is making is due when what that one puts there is', async (t) => {
  const shared = new Collecting(t)
  const inbox = await shared.open()
  const client = await admin.connect()
  await client.query('BEGIN')
  await client.query(`SELECT ${shared.tables}.add_events($1, '{job}', '{a}', '{0}', '{1}', '{NULL}', '{0}', '{15}', '{"event":"job"}'::text::bytea, 100, '{0}')`, [[idBytes('a1')]])
  const adding = inbox.add(event('a2', HOUR))
  await until(async () => (await admin.query("SELECT FROM pg_stat_activity WHERE query LIKE '%' || $1 || '.add_events%' AND wait_event_type = 'Lock'", [shared.tables])).rowCount === 1)
  await client.query('COMMIT')
  client.release()
  t.equal(await adding, 'accepted')
  soon(t, (await shared.row('collect:a'))?.due)
  t.same(ids(await claimSoon(inbox, 64)), ['collect:a: a1 1 a2 1'])
})

test('what is to be delivered does not make its lane due that waits for a retry, also if it is called as another one waits', async (t) => {
  const shared = new Collecting(t)
  const inbox = await shared.open()
  await Promise.all(adds(inbox, event('a1', undefined, { lane: 'collect:a' }), event('c1')))
  await settleAll(inbox, await inbox.claim(64), each(fails(later())))
  await Promise.all(adds(inbox, event('a2', undefined, { lane: 'collect:a' }), event('b1', 0), event('c2')))
  for (const lane of ['collect:a', 'c']) inAnHour(t, (await shared.row(lane))?.due, lane)
})
