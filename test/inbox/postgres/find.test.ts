import Fastify from 'fastify'
import pg from 'pg'
import tap, { test } from 'tap'
import type { FindOptions, Found, Inbox } from '../../../index.ts'
import { Database } from '../../../lib/inbox/postgres/database.ts'
import { Finder } from '../../../lib/inbox/postgres/finder.ts'
import { until } from '../../faults/helpers/until.ts'
import { openInbox, openPool, postgresUrl, schemas } from '../../helpers/postgres.ts'
import { newEvent } from '../conformance.ts'

const url = await postgresUrl(tap)
const newSchema = schemas(tap, url)
const admin = openPool(tap, url)

/** The ids of all that fits, and how many answers that took. */
async function all (inbox: Pick<Inbox, 'find'>, options: FindOptions): Promise<{ ids: string[], answers: number, scanned: number }> {
  const found = { ids: Array.from<string>([]), answers: 0, scanned: 0 }
  for (let before: number | null | undefined; before !== null;) {
    const answer: Found = await inbox.find?.({ ...options, before }) ?? { events: [], ids: [], scanned: 0, before: null }
    found.ids.push(...answer.ids)
    found.answers++
    found.scanned += answer.scanned
    before = answer.before
  }
  return found
}

test('a clock that was set back hides nothing', async (t) => {
  const inbox = await openInbox(t, { connectionString: url, schema: newSchema() })
  const now = Date.now()
  for (const [i, ago] of [0, 50, 10, 90, 20].entries()) await inbox.add(newEvent('a', { id: String(i), receivedAt: now - ago }))
  t.same((await all(inbox, { since: new Date(now - 20) })).ids, ['4', '2', '0'])
  t.same((await all(inbox, { until: new Date(now - 20) })).ids, ['3', '1'])
  t.same((await all(inbox, { since: new Date(now - 50), until: new Date(now), state: 'pending' })).ids, ['4', '2', '1'])
  t.same((await all(inbox, { since: new Date(now - 50), conversation: 'a', limit: 1 })).ids, ['4', '2', '1', '0'])
})

test('a conversation is found, and forgotten, wherever its events are', async (t) => {
  const schema = newSchema()
  const inbox = await openInbox(t, { connectionString: url, schema })
  // Of most blocks there are no events at all.
  const numbers = [1, 2, 32_767, 32_768, 32_769, 65_535, 65_536, 5_000_000, 5_000_001, 10_000_000_000]
  for (const number of numbers) {
    await admin.query('SELECT setval($1, $2, false)', [`${pg.escapeIdentifier(schema)}.event_seq`, number])
    await inbox.add(newEvent(number % 2 === 1 ? 'odd' : 'even', { id: String(number) }))
  }
  const odd = numbers.filter((number) => number % 2 === 1).map(String).reverse()
  for (const limit of [1, 2, 3, 100]) t.same((await all(inbox, { conversation: 'odd', limit })).ids, odd)
  t.same((await all(inbox, { conversation: 'odd', idsOnly: true, limit: 2 })).ids, odd)
  t.same((await all(inbox, { conversation: 'odd' })).scanned, odd.length)
  t.equal(await inbox.forget('odd'), odd.length)
  t.same((await all(inbox, { conversation: 'odd' })).ids, [])
  t.equal((await all(inbox, {})).ids.length, numbers.length - odd.length)
})

test('a statement reads some bodies at most, however long they are, and none is left out', async (t) => {
  const schema = newSchema()
  const inbox = await openInbox(t, { connectionString: url, schema })
  const long = 'x'.repeat(600_000)
  const ids = Array.from({ length: 7 }, (_, i) => String(i))
  for (const id of ids) await inbox.add(newEvent('a', { id, body: Buffer.from(JSON.stringify({ event: 'newMessage', text: id === '3' ? 'short' : `${long} Long` })) }))
  const newestFirst = ids.toReversed()
  t.same((await all(inbox, {})).ids, newestFirst)
  t.same(await all(inbox, { idsOnly: true }), { ids: newestFirst, answers: 1, scanned: 7 })
  const found = await all(inbox, { text: 'x LONG' })
  t.same(found.ids, newestFirst.filter((id) => id !== '3'))
  t.equal(found.scanned, 7)
  const pool = openPool(t, url)
  const finder = new Finder(new Database(pool, Fastify().log), schema)
  let statements = 0
  pool.on('acquire', () => { statements++ })
  t.same((await all(finder, { text: 'x LONG' })).ids, found.ids)
  t.ok(statements >= 3, `${statements}: two or three bodies in each`)
})

test('an event whose body is damaged is found by the error that it shows', async (t) => {
  const schema = newSchema()
  const inbox = await openInbox(t, { connectionString: url, schema })
  for (const id of ['1', '2', '3']) await inbox.add(newEvent('a', { id }))
  await admin.query(`UPDATE ${pg.escapeIdentifier(schema)}.events SET body = '{"text":' WHERE seq = 2`)
  t.same((await all(inbox, { text: 'Damaged' })).ids, ['2'])
})

test('a name and a conversation that cannot be stored as they are, are found by themselves', async (t) => {
  const inbox = await openInbox(t, { connectionString: url, schema: newSchema() })
  const [name, lane] = ['new\0\ud83d', `${'long '.repeat(500)}\ud83d`]
  await inbox.add(newEvent(lane, { name, id: '1' }))
  await inbox.add(newEvent('another', { id: '2' }))
  t.same((await all(inbox, { name })).ids, ['1'])
  t.same((await all(inbox, { conversation: lane })).ids, ['1'])
  t.same((await all(inbox, { conversation: lane.slice(1) })).ids, [])
})

test('however much is looked for at once, it takes two connections at most', async (t) => {
  const schema = newSchema()
  const inbox = await openInbox(t, { connectionString: url, schema })
  for (let i = 0; i < 20; i++) await inbox.add(newEvent('a'))
  const pool = openPool(t, url)
  const finder = new Finder(new Database(pool, Fastify().log), schema)
  let used = 0
  let most = 0
  pool.on('acquire', () => { most = Math.max(most, ++used) })
  pool.on('release', () => { used-- })
  const searches = Array.from({ length: 12 }, async (_, i) => await finder.find({ text: i % 2 === 0 ? 'newMessage' : undefined, limit: 5 }))
  const answers = await Promise.all(searches)
  t.same(answers.map(({ ids }) => ids.length), answers.map(() => 5))
  t.equal(most, 2)
})

test('what an index finds does not wait for a text, a name or a time', async (t) => {
  const schema = newSchema()
  const inbox = await openInbox(t, { connectionString: url, schema })
  const { id } = newEvent('a')
  await inbox.add(newEvent('a', { id }))
  const database = new Database(openPool(t, url), Fastify().log)
  const gate = Promise.withResolvers<undefined>()
  const run = database.run.bind(database)
  t.intercept(database, 'run', {
    value: async (...given: Parameters<typeof run>) => {
      if (JSON.stringify(given[0]).includes(' ~ ')) await gate.promise
      return await run(...given)
    }
  })
  const finder = new Finder(database, schema)
  const slow = [finder.find({ text: 'newMessage' }), finder.find({ name: 'newMessage' })]
  let ended = 0
  for (const search of slow) void search.then(() => { ended++ })
  for (const filter of [{}, { conversation: 'a' }, { id }, { state: 'pending' }] as const) t.same((await finder.find(filter)).ids, [id])
  t.equal(ended, 0)
  gate.resolve(undefined)
  t.same((await Promise.all(slow)).map(({ ids }) => ids), [[id], [id]])
})

test('a search that is given up ends in the server, too, and keeps no other from being answered', async (t) => {
  const schema = newSchema()
  const inbox = await openInbox(t, { connectionString: url, schema })
  await inbox.add(newEvent('a', { id: '1' }))
  const database = new Database(openPool(t, url, { application_name: 'searching' }), Fastify().log, { answer: 200 })
  t.teardown(async () => { await database.close() })
  const finder = new Finder(database, schema)
  const other = await admin.connect()
  await other.query(`BEGIN; LOCK TABLE ${pg.escapeIdentifier(schema)}.events`)
  const atWork = async () => (await admin.query("SELECT FROM pg_stat_activity WHERE application_name = 'searching' AND state = 'active'")).rowCount
  const searches = [finder.find({ text: 'x' }), finder.find({ name: 'newMessage' })]
  await until(async () => await atWork() === 1)
  for (const search of searches) await t.rejects(search, { message: /no answer from PostgreSQL within 200 ms/ })
  await until(async () => await atWork() === 0)
  await other.query('ROLLBACK')
  other.release()
  t.same((await finder.find({ name: 'newMessage' })).ids, ['1'])
})
