import pg from 'pg'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import type { Claim, Inbox, Outcome } from '../../../index.ts'
import { openPostgres } from '../../../lib/cli/inbox/postgres-source.ts'
import type { PostgresClient, PostgresInboxOptions, PostgresPool, PostgresQuery } from '../../../lib/inbox/postgres/inbox.ts'
import { until } from '../../faults/helpers/until.ts'
import { turns } from '../../helpers/app.ts'
import { ID } from '../../helpers/postgres-ids.ts'
import { openInbox, openPool, postgresUrl, schemas } from '../../helpers/postgres.ts'
import { failed, ids, Processes, settleAll as settleEach } from '../../helpers/processes.ts'
import { adds, claim, newEvent } from '../conformance.ts'

const url = await postgresUrl(tap)
const newSchema = schemas(tap, url)
const admin = openPool(tap, url)

async function openOne (t: Test, options: Partial<PostgresInboxOptions> = { connectionString: url }) {
  const schema = newSchema()
  return { tables: pg.escapeIdentifier(schema), inbox: await openInbox(t, { ...options, schema }) }
}

const ending = ({ events: [event] }: Claim, more: Partial<Outcome> = {}): Outcome[] =>
  event === undefined ? [] : [{ seq: event.seq, state: 'done', dueAt: null, completed: [], error: null, ...more }]

async function settleAll (inbox: Inbox, more?: Partial<Outcome>): Promise<void> {
  for (const held of await claim(inbox)) await inbox.settle(held, ending(held, more))
  await inbox.stats()
}

/** The rows of these tables that have a text anywhere. */
async function rowsWith (tables: string, text: string): Promise<string[]> {
  const { rows } = await admin.query<{ name: string }>(['events', 'pending', 'finished', 'lanes', 'totals']
    .map((table) => `SELECT '${table}' AS name FROM ${tables}.${table} AS t WHERE strpos(t::text, $1) > 0`).join(' UNION ALL '), [text])
  return rows.map(({ name }) => name)
}

test('of a forgotten lane there is no row anywhere, however many events lie between its own', async (t) => {
  const { inbox, tables } = await openOne(t)
  const event = { event: 'newMessage', who: 'private' }
  const own = () => newEvent('private', { event, body: Buffer.from(JSON.stringify(event)) })
  // 4 000 in all, of which it looks at 2 000 at once: the last one is the last that it looks at.
  const others = Array.from({ length: 3_997 }, (_, i) => newEvent(`lane ${i % 50}`))
  await Promise.all(adds(inbox, own(), ...others.slice(0, 2_500), own(), ...others.slice(2_500), own()))
  for (const held of await claim(inbox)) await inbox.settle(held, ending(held, { state: 'pending', dueAt: Date.now() + 3_600_000, error: held.lane }))
  t.same((await rowsWith(tables, 'private')).toSorted(), ['events', 'events', 'events', 'lanes', 'pending', 'pending', 'pending'])
  t.equal(await inbox.forget('private'), 3)
  t.same(await rowsWith(tables, 'private'), [])
  t.match(await inbox.stats(), { pending: 3_997 })
})

test('a lane whose first event waits for its retry goes on with the next one once that is discarded', async (t) => {
  const { inbox, tables } = await openOne(t)
  const woken = { times: 0 }
  const other = await openInbox(t, { connectionString: url, schema: tables.slice(1, -1) }, { wake: () => { woken.times++ } })
  await Promise.all(adds(inbox, newEvent('a', { id: 'a1' }), newEvent('a', { id: 'a2' })))
  await settleAll(inbox, { state: 'pending', dueAt: Date.now() + 3_600_000 })
  t.same(await other.claim(1), [])
  await other.stats()
  woken.times = 0
  t.equal(await other.discard(['a1']), 1)
  t.ok(woken.times > 0, 'here, too')
  t.match(await claim(other), [{ events: [{ id: 'a2' }] }])
})

/** A pool that sends or answers some statements late: what is to be waited for before, and after. */
function latePool (real: pg.Pool, before: (text: string) => Promise<undefined> | undefined, after: (text: string) => Promise<undefined> | undefined): PostgresPool {
  return {
    on: real.on.bind(real),
    removeListener: real.removeListener.bind(real),
    connect: async () => {
      const client = await real.connect()
      const query = client.query.bind(client) as PostgresClient['query'] // one of its many signatures
      const late = async (asked: PostgresQuery) => {
        await before(asked.text)
        const result = await query(asked)
        await after(asked.text)
        return result
      }
      return { query: late, release: client.release.bind(client), on: client.on.bind(client), removeListener: client.removeListener.bind(client) }
    }
  }
}

test('an event that was claimed while it was discarded is marked before that is told', async (t) => {
  const { promise: maySend, resolve: send } = Promise.withResolvers<undefined>()
  const { promise: mayAnswer, resolve: answer } = Promise.withResolvers<undefined>()
  const pool = latePool(openPool(t, url),
    (text) => text.includes('.discard($1') ? maySend : undefined,
    (text) => text.includes('.turn($1') ? mayAnswer : undefined)
  const { inbox, tables } = await openOne(t, { pool })
  await Promise.all(adds(inbox, newEvent('a', { id: 'a1' }), newEvent('a', { id: 'a2' })))
  let told = false
  const discarding = Promise.resolve(inbox.discard(['a2'])).finally(() => { told = true })
  await turns()
  const claiming = inbox.claim(1)
  await until(async () => (await admin.query(`SELECT FROM ${tables}.lanes WHERE claim IS NOT NULL`)).rowCount === 1)
  send(undefined)
  await until(async () => (await admin.query(`SELECT FROM ${tables}.events`)).rowCount === 1)
  await turns()
  t.equal(told, false)
  answer(undefined)
  t.equal(await discarding, 1)
  const [held] = await claiming
  t.same(held?.events.map(({ id, isDiscarded }) => ({ id, isDiscarded })), [{ id: 'a1', isDiscarded: undefined }, { id: 'a2', isDiscarded: true }])
})

test('an event that has left its lane is shown in it, found by it, and back in it after a replay', async (t) => {
  const { inbox, tables } = await openOne(t)
  await Promise.all(adds(inbox, ...['a1', 'a2'].map((id) => newEvent('a', { id }))))
  const ofFirst = async () => (await admin.query<Record<string, unknown>>(`SELECT p.lane, aside, since, trial FROM ${tables}.pending p JOIN ${tables}.events USING (seq) WHERE ${ID} = 'a1'`)).rows
  await settleAll(inbox, { state: 'pending', aside: true, error: 'broken' })
  t.match(await ofFirst(), [{ lane: 'aside:a1', aside: true, since: Date }])
  t.match(await inbox.get('a1'), { lane: 'a', state: 'pending' })
  for (const held of await claim(inbox)) await inbox.settle(held, held.lane === 'a' ? [] : ending(held, { state: 'dead', error: 'broken' }))
  t.match(await inbox.get('a1'), { lane: 'a', state: 'dead' })
  t.equal(await inbox.replay(['a1']), 1)
  t.same(await ofFirst(), [{ lane: 'a', aside: false, since: null, trial: null }])
  const [held] = await claim(inbox)
  t.match(held, { lane: 'a', events: [{ id: 'a2' }, { id: 'a1', failingFor: 0 }] })
  const [a2, a1] = held?.events.map(({ seq }) => seq) ?? []
  const outcome = { dueAt: null, completed: [], error: null }
  if (held !== undefined) await inbox.settle(held, [{ ...outcome, seq: Number(a2), state: 'done' }, { ...outcome, seq: Number(a1), state: 'pending', aside: true }])
  await inbox.stats()
  t.match(await ofFirst(), [{ lane: 'aside:a1', aside: true }])
  t.equal(await inbox.forget('a'), 2)
})

test('an attempt that was recorded before it began counts as one', async (t) => {
  const { inbox, tables } = await openOne(t)
  await inbox.add(newEvent('a', { id: 'a1' }))
  for (const [trial, attempts] of [[0, 0], [1, 1], [2, 1]]) {
    await admin.query(`UPDATE ${tables}.pending SET trial = $1`, [trial])
    t.match(await inbox.get('a1'), { attempts }, `trial ${trial}`)
  }
})

test('dead and invalid events are removed once `keepFailed` is over, others stay', async (t) => {
  const { inbox, tables } = await openOne(t, { connectionString: url, keepFailed: 0 })
  await Promise.all(adds(inbox, ...Array.from({ length: 1_100 }, (_, i) => newEvent(`lane ${i}`, i % 2 === 0 ? {} : { state: 'invalid', problems: ['wrong'] }))))
  for (let claims = await claim(inbox); claims.length > 0; claims = await claim(inbox)) {
    for (const held of claims) await inbox.settle(held, ending(held, { state: 'dead' }))
  }
  await inbox.add(newEvent('done'))
  await settleAll(inbox)
  await inbox.add(newEvent('pending'))
  for (let stats = await inbox.stats(); stats.dead + stats.invalid > 0; stats = await inbox.stats()) await turns()
  t.match(await inbox.stats(), { pending: 1, done: 1, dead: 0, invalid: 0 })
  const { rows } = await admin.query(`SELECT (SELECT count(*)::int FROM ${tables}.events) AS events, (SELECT count(*)::int FROM ${tables}.pending) AS pending,
    (SELECT count(*)::int FROM ${tables}.finished) AS finished`)
  t.same(rows, [{ events: 2, pending: 1, finished: 1 }])
})

test('however long the dead ones stay, those that were done are removed in time', async (t) => {
  const { inbox } = await openOne(t, { connectionString: url, keep: 0, keepFailed: Number.MAX_SAFE_INTEGER })
  await Promise.all(adds(inbox, newEvent('dead')))
  await settleAll(inbox, { state: 'dead' })
  await Promise.all(adds(inbox, newEvent('done')))
  await settleAll(inbox)
  while ((await inbox.stats()).done > 0) await turns()
  t.match(await inbox.stats(), { pending: 0, done: 0, dead: 1 })
})

test('what is removed by another process is not delivered any more, also if it was claimed, however much it is', async (t) => {
  const processes = new Processes(t, admin, url)
  const [inbox, other] = [await processes.open(), await processes.open()]
  const isListening = async () => (await admin.query('SELECT FROM pg_stat_activity WHERE query = $1', [`LISTEN ${processes.tables}`])).rowCount === 1
  const lanes = Array.from({ length: 60 }, (_, i) => `lane ${i}`)
  await Promise.all(adds(inbox, ...lanes.flatMap((lane) => Array.from({ length: 10 }, () => newEvent(lane)))))
  const claims = await inbox.claim(64)
  await until(isListening)
  const marks = () => claims.flatMap(({ events }) => events.filter(({ isDiscarded }) => isDiscarded === true)).length
  t.equal(claims.flatMap(({ events }) => events).length, 600)
  const command = await openPostgres(url, processes.schema, new AbortController().signal)
  t.equal(await command.forget('lane 0'), 10)
  await command.close()
  await until(() => marks() > 0)
  t.equal(marks(), 10)
  t.equal(await other.discard(claims.filter(({ lane }) => lane !== 'lane 0').flatMap(({ events }) => events.map(({ id }) => id))), 590)
  await until(() => marks() === 600)
  await settleEach(inbox, claims)
  t.match(await inbox.stats(), { pending: 0, done: 0 })
  t.same(await inbox.claim(64), [])
  t.same(await processes.lanes(), [])
})

test('what waited behind an event whose listener still runs goes on when that is discarded, and waits if it is another', async (t) => {
  const processes = new Processes(t, admin, url)
  const [inbox, other] = [await processes.open(), await processes.open()]
  await Promise.all(adds(inbox, ...['a1', 'a2', 'a3', 'b1', 'b2', 'c1'].map((id) => newEvent(id.charAt(0), { id }))))
  await settleEach(inbox, await inbox.claim(64), (claim) => failed(claim, { dueAt: claim.lane === 'b' ? 1 : Date.now() + 3_600_000, running: true }))
  t.equal(await inbox.discard(['a2', 'b2', 'c1']), 3)
  t.same(await processes.lanes(), [{ lane: 'a', suspect: false, held: true }, { lane: 'b', suspect: false, held: true }])
  t.same(await other.claim(64), [])
  t.same(ids(await inbox.claim(64)), ['b: b1 2'])
  t.equal(await inbox.discard(['a1']), 1)
  t.same(ids(await other.claim(64)), ['a: a3 1'])
})
