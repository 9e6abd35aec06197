import tap, { test } from 'tap'
import type { Test } from 'tap'
import type { Claim, Inbox, NewEvent, Outcome } from '../../../index.ts'
import { turns } from '../../helpers/app.ts'
import { ID } from '../../helpers/postgres-ids.ts'
import { lines, openInbox, openPool, postgresUrl, schemas } from '../../helpers/postgres.ts'
import { adds, claim, newEvent } from '../conformance.ts'

const url = await postgresUrl(tap)
const newSchema = schemas(tap, url)
const pool = openPool(tap, url)

async function openOne (t: Test, host: Parameters<typeof openInbox>[2] = {}, keep?: number) {
  const schema = newSchema()
  return { schema, inbox: await openInbox(t, { connectionString: url, schema, keep }, host) }
}

const idsOf = (claims: readonly Claim[]) => claims.flatMap(({ events }) => events.map(({ id }) => id))
const outcome = (seq: number, more: Partial<Outcome> = {}): Outcome => ({ seq, state: 'done', dueAt: null, completed: [], error: null, ...more })

async function drain (inbox: Inbox): Promise<string[]> {
  const ids: string[] = []
  for (let claims = await claim(inbox); claims.length > 0; claims = await claim(inbox)) {
    ids.push(...idsOf(claims))
    for (const held of claims) await inbox.settle(held, held.events.map(({ seq }) => outcome(seq)))
  }
  return ids
}

test('texts of any kind come back as they went in, and keep no other event from being stored', async (t) => {
  const { inbox } = await openOne(t)
  const odd = ['', 'NULL', '{a,"b"}', 'a\\b', "it's", 'é 😀', 'x'.repeat(200_000)]
  await Promise.all(odd.map(async (text, i) => await inbox.add(newEvent(text, { id: `id ${i}`, name: text }))))
  const listed = await inbox.list()
  t.same(listed.map(({ name }) => name), odd.toReversed())
  t.same(listed.slice(1).map(({ lane }) => lane), odd.slice(0, -1).toReversed())
  t.match(listed[0]?.lane, /^x{436}…[\w-]{43}$/, 'what is too long for an index is shortened')
  t.equal((await claim(inbox)).length, odd.length)
})

test('what PostgreSQL has no place for is replaced', async (t) => {
  const { inbox } = await openOne(t)
  await inbox.add(newEvent('a\0b', { name: '\ud800' }))
  t.match(await inbox.list(), [{ lane: 'a\ufffdb', name: '\ufffd' }])
  const long = `${'é'.repeat(400)}\0`
  await Promise.all(adds(inbox, newEvent(`${long}1`), newEvent(`${long}2`), newEvent(`${long}1`)))
  t.same((await claim(inbox)).map(({ events }) => events.length), [1, 2, 1])
})

test('bodies are as they were, with a byte order mark too', async (t) => {
  const { inbox } = await openOne(t)
  const event = { event: 'newMessage', text: 'é\u0000 😀 "\\"' }
  await inbox.add(newEvent('a', { event, body: Buffer.from('\ufeff' + JSON.stringify(event)) }))
  const [held] = await claim(inbox)
  t.same(held?.events[0]?.event, event)
  t.same((await inbox.list())[0]?.event, event)
})

test('thousands that come in at once keep their order, and so do large ones', async (t) => {
  const { inbox } = await openOne(t)
  const events = Array.from({ length: 1_200 }, (_, i) => newEvent(`lane ${i % 7}`, { id: String(i).padStart(4, '0') }))
  const large = (id: string): NewEvent => {
    const event = { event: 'newMessage', filler: 'x'.repeat(5_000_000) }
    return newEvent('large', { id, event, body: Buffer.from(JSON.stringify(event)) })
  }
  const statuses = await Promise.all(adds(inbox, ...events, large('x1'), large('x2'), ...events))
  t.same(statuses.slice(0, 1_202), Array(1_202).fill('accepted'))
  t.same(statuses.slice(1_202), Array(1_200).fill('duplicate'))
  const claims = await claim(inbox)
  t.equal(claims.find(({ lane }) => lane === 'large')?.events.length, 1, 'no more than fit into memory')
  for (const held of claims) await inbox.settle(held, [])
  const ids = await drain(inbox)
  for (let lane = 0; lane < 7; lane++) {
    const own = ids.filter((id) => Number(id) % 7 === lane)
    t.same(own, own.toSorted(), 'in order')
  }
  t.same(ids.toSorted(), [...events.map(({ id }) => id), 'x1', 'x2'])
})

test('more bodies than may wait are refused', async (t) => {
  const { inbox } = await openOne(t)
  const body = Buffer.alloc(30_000_000, '"x" ')
  void Promise.allSettled(adds(inbox, newEvent('a', { body }), newEvent('a', { body })))
  t.throws(() => { void inbox.add(newEvent('a', { body })) }, { code: 'FST_ONEROUTE_BACKLOG_FULL' })
})

test('the backlog is full at maxBacklog and not before, for new events only, and invalid ones do not count', async (t) => {
  const { inbox } = await openOne(t, { maxBacklog: 3 })
  const [known, ...others] = Array.from({ length: 5 }, () => newEvent('a'))
  await inbox.add(known ?? newEvent('a'))
  const results = await Promise.allSettled(adds(inbox, ...others.slice(0, 2), newEvent('b', { state: 'invalid' }), ...known === undefined ? [] : [known], ...others.slice(2)))
  t.same(results.map((result) => result.status === 'fulfilled' ? result.value : (result.reason as { code: string }).code), [
    'accepted', 'accepted', 'accepted', 'duplicate', 'FST_ONEROUTE_BACKLOG_FULL', 'FST_ONEROUTE_BACKLOG_FULL'
  ])
})

test('what became of the events of one claim is recorded one by one', async (t) => {
  const { inbox } = await openOne(t)
  await Promise.all(adds(inbox, ...['1', '2', '3', '4'].map((id) => newEvent('a', { id }))))
  const [held] = await claim(inbox)
  const [one = 0, two = 0, three = 0] = held?.events.map(({ seq }) => seq) ?? []
  const error = 'it\'s \0 "broken"'
  if (held !== undefined) {
    await inbox.settle(held, [outcome(one), outcome(two, { state: 'dead', error }), outcome(three, { state: 'pending', dueAt: null, completed: ['a,"b"'] })])
  }
  t.match(await inbox.list(), [
    { id: '4', state: 'pending', attempts: 0 }, { id: '3', state: 'pending', attempts: 1 },
    { id: '2', state: 'dead', attempts: 1, error: 'it\'s \ufffd "broken"' }, { id: '1', state: 'done', attempts: 1 }
  ])
  t.match(await claim(inbox), [{ events: [{ id: '3', attempt: 2, completed: ['a,"b"'] }, { id: '4', attempt: 1 }] }])
})

test('a retry in a thousand years is a retry', async (t) => {
  const { inbox } = await openOne(t)
  await inbox.add(newEvent('a'))
  const [held] = await claim(inbox)
  if (held !== undefined) await inbox.settle(held, [outcome(held.events[0]?.seq ?? 0, { state: 'pending', dueAt: Number.MAX_VALUE })])
  t.match(await inbox.list(), [{ state: 'pending', attempts: 1, dueAt: Date }])
})

test('an event that is damaged in the database is dead, and keeps no other from being delivered', async (t) => {
  const { log, written } = lines()
  const { inbox, schema } = await openOne(t, { log })
  await Promise.all(adds(inbox, newEvent('a', { id: 'a1' }), newEvent('a', { id: 'a2' }), newEvent('b', { id: 'b1' })))
  await pool.query(`UPDATE "${schema}".events SET body = 'private{' WHERE ${ID} IN ('a1', 'b1')`)
  t.same(await drain(inbox), ['a2'])
  await pool.query(`UPDATE "${schema}".events SET body = '{}'`)
  t.match(await inbox.stats(), { pending: 0, done: 1, dead: 2 })
  t.match(await inbox.get('a1'), { state: 'dead', error: 'its body is damaged' })
  t.same(written.filter(({ level }) => Number(level) >= 30).map(({ webhook, msg }) => `${String(webhook)}: ${String(msg)}`).sort(),
    ['a1: an event that is damaged in the database is not delivered', 'b1: an event that is damaged in the database is not delivered'])
})

test('more is replayed than goes into one transaction', async (t) => {
  const { inbox } = await openOne(t)
  const events = Array.from({ length: 700 }, (_, i) => newEvent(`lane ${i}`, { id: String(i) }))
  await Promise.all(adds(inbox, ...events))
  const first = await drain(inbox)
  t.equal(await inbox.replay(first), 700)
  t.match(await inbox.stats(), { pending: 700, done: 0 })
  t.same((await drain(inbox)).sort(), first.sort())
})

test('done events are removed once `keep` is over, others stay', async (t) => {
  const { inbox, schema } = await openOne(t, {}, 0)
  await Promise.all(adds(inbox, ...Array.from({ length: 1_100 }, (_, i) => newEvent(`lane ${i}`)), newEvent('a', { state: 'invalid' })))
  await drain(inbox)
  await inbox.add(newEvent('a'))
  while ((await inbox.stats()).done > 0) await turns()
  t.match(await inbox.stats(), { pending: 1, done: 0, dead: 0, invalid: 1 })
  const { rows } = await pool.query(`SELECT count(*)::int AS events, (SELECT count(*)::int FROM "${schema}".pending) AS pending,
    (SELECT count(*)::int FROM "${schema}".finished) AS finished, (SELECT count(*)::int FROM "${schema}".lanes) AS lanes FROM "${schema}".events`)
  t.same(rows, [{ events: 2, pending: 1, finished: 1, lanes: 1 }])
})

test('a pool of one connection is enough, and is left as it was', async (t) => {
  const single = openPool(t, url, { max: 1 })
  const inbox = await openInbox(t, { pool: single, schema: newSchema() })
  await Promise.all(adds(inbox, newEvent('a'), newEvent('b')))
  t.equal((await drain(inbox)).length, 2)
  await inbox.close()
  t.equal(single.listenerCount('error'), 1, 'the test\'s own')
  t.match(await single.query('SELECT 1 AS one'), { rows: [{ one: 1 }] })
})

test('anything that is like a pool will do', async (t) => {
  const real = openPool(t, url)
  const alike = {
    connect: async () => await real.connect(),
    on: real.on.bind(real),
    removeListener: real.removeListener.bind(real)
  }
  const inbox = await openInbox(t, { pool: alike, schema: newSchema() })
  await inbox.add(newEvent('a'))
  t.equal((await drain(inbox)).length, 1)
})

test('a claim that is not of this inbox settles nothing', async (t) => {
  const { inbox } = await openOne(t)
  await inbox.add(newEvent('a'))
  const [held] = await claim(inbox)
  await inbox.settle({ lane: 'a', events: held?.events ?? [] }, [outcome(held?.events[0]?.seq ?? 0)])
  t.match(await inbox.stats(), { pending: 1, done: 0 })
})
