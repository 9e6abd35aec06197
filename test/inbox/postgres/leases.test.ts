import tap, { test } from 'tap'
import type { Test } from 'tap'
import type { Claim, Inbox, InboxHost } from '../../../index.ts'
import { MOST_CLAIMED, MOST_TAKEN_OVER } from '../../../lib/inbox/postgres/sql/claim.ts'
import { until } from '../../faults/helpers/until.ts'
import { turns } from '../../helpers/app.ts'
import { lines, openInbox, openPool, postgresUrl, schemas } from '../../helpers/postgres.ts'
import { dead, done, newEvent } from '../conformance.ts'

const url = await postgresUrl(tap)

const newSchema = schemas(tap, url)

const pool = openPool(tap, url)

/** Inboxes of several processes, as it were. */
async function share (t: Test, hosts: Array<Partial<InboxHost>>, lease = 1_000): Promise<Inbox[]> {
  const schema = newSchema()
  return await Promise.all(hosts.map(async (host) => await openInbox(t, { connectionString: url, schema, lease }, host)))
}

async function claimed (inbox: Inbox, lanes = 64): Promise<readonly Claim[]> {
  for (;;) {
    const claims = await inbox.claim(lanes)
    if (claims.length > 0) return claims
    await turns()
  }
}

const ids = (claims: readonly Claim[]) => claims.map(({ lane, events }) => `${lane}: ${events.map(({ id }) => id).join(' ')}`)

const allDone = ({ events }: Claim) => events.map(({ seq }) => ({ seq, state: 'done' as const, dueAt: null, completed: [], error: null }))

test('a lane is claimed by one process, and what is added to it meanwhile comes after', async (t) => {
  const [one, other] = await share(t, [{}, {}])
  if (one === undefined || other === undefined) return
  await one.add(newEvent('a', { id: 'a1' }))
  await other.add(newEvent('a', { id: 'a2' }))
  const [held] = await claimed(one)
  t.same(ids(held === undefined ? [] : [held]), ['a: a1 a2'])
  await other.add(newEvent('a', { id: 'a3' }))
  t.same(await other.claim(64), [])
  if (held !== undefined) await one.settle(held, allDone(held))
  t.same(ids(await claimed(other)), ['a: a3'])
})

test('an event that another process has added wakes this one', async (t) => {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const [one, other] = await share(t, [{ wake: () => { resolve(undefined) } }, {}])
  t.same(await one?.claim(1), [])
  await other?.add(newEvent('a'))
  await promise
  t.equal((await one?.claim(1))?.length, 1)
})

test('what very many lanes leave is taken over in several turns: each has a lock of the server until the turn is over', async (t) => {
  const schema = newSchema()
  let wakes = 0
  const open = async (wake: () => void) => await openInbox(t, { connectionString: url, schema, lease: 600_000 }, { wake })
  const [one, other] = [await open(() => {}), await open(() => { wakes++ })]
  const most = MOST_TAKEN_OVER + 200
  await Promise.all(Array.from({ length: most }, async (_, i) => await one.add(newEvent(`lane ${i}`))))
  for (let got = 0; got < most;) got += (await claimed(one, most - got)).length
  await pool.query(`UPDATE "${schema}".lanes SET due = now() - interval '1 second'`)
  const taken = async () => (await pool.query(`SELECT FROM "${schema}".lanes WHERE suspect`)).rowCount ?? 0
  const before = wakes
  t.match(await other.claim(64), [{ events: [{ attempt: 2 }] }])
  t.ok(wakes > before, 'it is woken in the turn itself, for the next one')
  const inOneTurn = await taken()
  t.ok(inOneTurn >= MOST_TAKEN_OVER && inOneTurn < most, String(inOneTurn))
  t.same(await other.claim(64), [], 'it has one that is suspect already')
  await until(async () => await taken() === most)
})

test('a lane in which nothing waits any more keeps no other from its turn: the next one follows at once', async (t) => {
  let wakes = 0
  const [inbox] = await share(t, [{ wake: () => { wakes++ } }], 600_000)
  if (inbox === undefined) return
  // Whoever has claimed all of the first does not know that there is no more in it.
  for (const [lane, count] of [['a', MOST_CLAIMED], ['b', MOST_CLAIMED + 1]] as const) {
    for (let i = 0; i < count; i++) await inbox.add(newEvent(lane))
  }
  for (const lane of ['a', 'b']) {
    const [held] = await claimed(inbox, 1)
    t.equal(held?.lane, lane)
    if (held !== undefined) await inbox.settle(held, allDone(held))
  }
  const before = wakes
  t.same(await inbox.claim(1), [])
  t.ok(wakes > before)
  t.match(await claimed(inbox, 1), [{ lane: 'b' }])
})

test('what is done late holds up nothing: what waits behind it goes on', async (t) => {
  const schema = newSchema()
  const open = async () => await openInbox(t, { connectionString: url, schema, lease: 600_000 })
  const [one, other] = [await open(), await open()]
  for (const id of ['first', 'second']) await one.add(newEvent('a', { id }))
  const [late] = await claimed(one)
  await pool.query(`UPDATE "${schema}".lanes SET due = now() - interval '1 second'`)
  const [again] = await claimed(other)
  if (late === undefined || again === undefined) throw new Error('it was not claimed twice')
  await other.settle(again, [{ seq: Number(again.events[0]?.seq), state: 'pending', dueAt: Date.now() + 3_600_000, completed: [], error: 'not yet' }])
  t.same(await other.claim(64), [])
  await one.settle(late, allDone(late).slice(0, 1))
  t.same(ids(await claimed(other)), ['a: second'])
})

test('what a process leaves when it ends is taken over when its lease has run out', async (t) => {
  const [one, other] = await share(t, [{}, {}])
  await one?.add(newEvent('a', { id: 'left' }))
  if (one !== undefined) await claimed(one)
  await one?.close()
  if (other !== undefined) t.match(await claimed(other), [{ lane: 'a', events: [{ id: 'left', attempt: 2 }] }])
})

test('what a process has just claimed when it is closed is given back at once', async (t) => {
  const [one, other] = await share(t, [{}, {}], 600_000)
  await one?.add(newEvent('a', { id: 'a1' }))
  await one?.stats() // it is through
  const claiming = one?.claim(1)
  await new Promise((resolve) => { setImmediate(resolve) })
  await one?.close()
  t.same(await claiming, [])
  if (other !== undefined) t.match(await claimed(other), [{ lane: 'a', events: [{ id: 'a1', attempt: 1 }] }])
})

test('a lease is renewed as long as its events are under way', async (t) => {
  const schema = newSchema()
  const options = { connectionString: url, schema, lease: 1_000 }
  const one = await openInbox(t, options)
  const other = await openInbox(t, options)
  await one.add(newEvent('a'))
  const [held] = await claimed(one)
  const ends = new Set<string>()
  let stolen = 0
  while (ends.size < 6) { // which is twice as long as a lease
    const { rows } = await pool.query<{ due: string }>(`SELECT due::text FROM "${schema}".lanes`)
    ends.add(String(rows[0]?.due))
    stolen += (await other.claim(1)).length
  }
  t.equal(stolen, 0)
  t.equal(held?.isHeld, true)
})

test('who has lost a lease delivers no more of it and cannot settle it unless it is done, and says so', async (t) => {
  const schema = newSchema()
  const log = lines()
  const inbox = await openInbox(t, { connectionString: url, schema, lease: 1_000 }, { log: log.log })
  await inbox.add(newEvent('a', { id: 'taken' }))
  const [held] = await claimed(inbox)
  if (held === undefined) return
  t.equal(held.isHeld, true)
  await pool.query(`UPDATE "${schema}".lanes SET holder = gen_random_uuid()`)
  while (held.isHeld) await turns()
  await inbox.settle(held, dead(held))
  t.match(await inbox.stats(), { pending: 1, dead: 0 })
  t.match(log.written.filter(({ level }) => level === 40), [{ webhooks: ['taken'], msg: /taken over/ }])
})

test('a process whose lease ran out while it stood still goes on if nobody has taken over', async (t) => {
  const [inbox] = await share(t, [{}])
  if (inbox === undefined) return
  await inbox.add(newEvent('a', { id: 'a1' }))
  const [held] = await claimed(inbox)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_100) // and no timer fires
  t.equal(held?.isHeld, false)
  t.same(await inbox.claim(64), [], 'it does not take over from itself')
  while (held?.isHeld === false) await turns()
  if (held !== undefined) await inbox.settle(held, done(held))
  t.match(await inbox.stats(), { pending: 0, done: 1 })
})

test('of a lane that was claimed twice, as its row had been deleted, the later claim is renewed, and the earlier one is over', async (t) => {
  const schema = newSchema()
  const inbox = await openInbox(t, { connectionString: url, schema, lease: 1_000 })
  await inbox.add(newEvent('a', { id: 'a1' }))
  const [first] = await claimed(inbox)
  await pool.query(`DELETE FROM "${schema}".lanes`)
  await pool.query(`SELECT "${schema}".recount()`)
  const [second] = await claimed(inbox)
  const ends = new Set<string>()
  while (ends.size < 4) { // which is longer than a lease
    const { rows } = await pool.query<{ due: string }>(`SELECT due::text FROM "${schema}".lanes`)
    ends.add(String(rows[0]?.due))
    await turns()
  }
  t.equal(first?.isHeld, false)
  t.equal(second?.isHeld, true)
})
