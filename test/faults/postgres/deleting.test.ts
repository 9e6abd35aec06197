import type pg from 'pg'
import tap, { test } from 'tap'
import { ID, idArray } from '../../helpers/postgres-ids.ts'
import { postgresUrl } from '../../helpers/postgres.ts'
import { newEvent } from '../../inbox/conformance.ts'
import { allDone, deliverAll, racesOn } from '../helpers/races.ts'

const url = await postgresUrl(tap)
const { admin, share, waits } = racesOn(tap, url)

/** A transaction that has run a statement, and is open. */
async function begin (statement: string): Promise<pg.PoolClient> {
  const client = await admin.connect()
  await client.query('BEGIN')
  await client.query(statement)
  return client
}

async function end (client: pg.PoolClient, how: 'COMMIT' | 'ROLLBACK' = 'COMMIT'): Promise<void> {
  await client.query(how)
  client.release()
}

async function count (table: string): Promise<number> {
  const { rowCount } = await admin.query(`SELECT FROM ${table}`)
  return rowCount ?? 0
}

test('what is added while its lane is emptied is delivered', async (t) => {
  const { inboxes: [one, other], tables } = await share(t, 2)
  await one?.add(newEvent('a', { id: 'a1' }))
  const discarding = await begin(`SELECT ${tables}.discard(${idArray('a1')})`)
  t.same(await other?.claim(9), [], 'nobody claims it meanwhile')
  const adding = one?.add(newEvent('a', { id: 'a2' }))
  await waits(adding, discarding)
  await end(discarding)
  t.equal(await adding, 'accepted')
  t.same(await deliverAll(other), ['a2'])
  t.match(await other?.stats(), { pending: 0, done: 1 })
  t.equal(await count(`${tables}.lanes`), 0)
})

test('a lane is not emptied under what is just added to it', async (t) => {
  const { inboxes: [one, other], tables } = await share(t, 2)
  await one?.add(newEvent('a', { id: 'a1' }))
  const adding = await begin(`SELECT ${tables}.add_events(${idArray('a2')}, '{job}', '{a}', '{0}', '{1}', '{NULL}', '{0}', '{15}', '{"event":"job"}'::text::bytea, 100)`)
  const discarding = one?.discard(['a1'])
  await waits(discarding, adding)
  await end(adding)
  t.equal(await discarding, 1)
  t.same((await other?.claim(9))?.flatMap(({ events }) => events.map(({ id }) => id)), ['a2'])
})

test('a lane that another process holds stays until it is settled, and what is added to it waits for that', async (t) => {
  const { inboxes: [one, other], tables } = await share(t, 2)
  for (const next of [[], ['a2']]) {
    await one?.add(newEvent('a', { id: 'a1' }))
    const [held] = await one?.claim(9) ?? []
    t.equal(await other?.forget('a'), 1)
    t.equal(await count(`${tables}.events`), 0)
    for (const id of next) await other?.add(newEvent('a', { id }))
    t.same(await other?.claim(9), [])
    if (held !== undefined) await one?.settle(held, allDone(held))
    t.match(await one?.stats(), { pending: next.length, done: 0 }, 'what is gone counts nothing')
    t.equal(await count(`${tables}.lanes`), next.length)
    t.same(await deliverAll(other), next)
  }
  await other?.stats()
  t.equal(await count(`${tables}.lanes`), 0)
})

test('what is settled while it is discarded counts nothing', async (t) => {
  const { inboxes: [inbox], tables } = await share(t, 1)
  await inbox?.add(newEvent('a', { id: 'a1' }))
  const [held] = await inbox?.claim(9) ?? []
  const discarding = await begin(`SELECT ${tables}.discard(${idArray('a1')})`)
  if (held !== undefined) await inbox?.settle(held, allDone(held))
  const stats = inbox?.stats()
  await waits(stats, discarding)
  await end(discarding)
  t.match(await stats, { pending: 0, done: 0 })
  t.equal(await count(`${tables}.lanes`), 0)
})

test('what is replayed while it is discarded is gone, and leaves no lane behind', async (t) => {
  const { inboxes: [inbox], tables } = await share(t, 1)
  for (const id of ['a1', 'a2']) await inbox?.add(newEvent('a', { id }))
  await deliverAll(inbox)
  t.match(await inbox?.stats(), { done: 2 })

  const replaying = await begin(`SELECT ${tables}.replay(${idArray('a1')}, false)`)
  const discarding = inbox?.discard(['a1'])
  await waits(discarding, replaying)
  await end(replaying)
  t.equal(await discarding, 1)
  t.match(await inbox?.stats(), { pending: 0, done: 1 })
  t.equal(await count(`${tables}.lanes`), 0, 'it began anew')

  const gone = await begin(`SELECT ${tables}.discard(${idArray('a2')})`)
  const late = inbox?.replay(['a2'])
  await waits(late, gone)
  await end(gone)
  t.equal(await late, 0)
  t.same(await deliverAll(inbox), [])
  t.match(await inbox?.stats(), { pending: 0, done: 0 })
  t.equal(await count(`${tables}.lanes`), 0)
})

test('what has come to another lane since its replay began is not replayed, for nobody would deliver it', async (t) => {
  const { inboxes: [inbox], tables } = await share(t, 1)
  for (const id of ['a', 'b']) await inbox?.add(newEvent(id, { id }))
  t.same(await deliverAll(inbox), ['a', 'b'])
  await inbox?.stats()
  const adding = await begin(`INSERT INTO ${tables}.lanes (epoch, lane, head, due, adds) SELECT epoch, 'a', 0, now(), 1 FROM ${tables}.epochs`) // as if something were added to it
  const replaying = inbox?.replay(['a', 'b'])
  await waits(replaying, adding)
  await admin.query(`UPDATE ${tables}.events SET lane = 'c' WHERE ${ID} = 'b'`)
  await end(adding, 'ROLLBACK')
  t.equal(await replaying, 1)
  t.same(await deliverAll(inbox), ['a'])
  t.match(await inbox?.stats(), { pending: 0, done: 2 })
})
