import pg from 'pg'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import { idArray } from '../../helpers/postgres-ids.ts'
import { openInbox, openPool, postgresUrl } from '../../helpers/postgres.ts'
import { newEvent } from '../../inbox/conformance.ts'
import { allDone, deliverAll, racesOn } from '../helpers/races.ts'
import { until } from '../helpers/until.ts'

const url = await postgresUrl(tap)
const { newSchema, admin, share, waits } = racesOn(tap, url)

test('no more lanes are leased than were asked for, whatever the server believes of its tables', async (t) => {
  const { inboxes: [inbox], tables } = await share(t, 1)
  for (const known of [0, 1, 2]) {
    await admin.query(`DELETE FROM ${tables}.lanes; DELETE FROM ${tables}.pending; DELETE FROM ${tables}.events`)
    for (let n = 0; n < known; n++) await inbox?.add(newEvent(`known ${n}`))
    for (const table of ['lanes', 'pending', 'events']) await admin.query(`VACUUM ANALYZE ${tables}.${table}`) // as autovacuum does at any time
    await Promise.all(Array.from({ length: 100 }, async (_, n) => await inbox?.add(newEvent(`${n}`))))
    for (const most of [1, 2, 3, 10, 64]) {
      const claims = await inbox?.claim(most) ?? []
      const { rows } = await admin.query(`SELECT FROM ${tables}.lanes WHERE holder IS NOT NULL`)
      t.equal(rows.length, claims.length, `of ${most}, when ${known} were known`)
      for (const claim of claims) await inbox?.settle(claim, [])
      await inbox?.stats()
    }
  }
})

test('a repeat that comes while its event is purged is either dropped or delivered', async (t) => {
  const { inboxes: [inbox], tables } = await share(t, 1)
  await inbox?.add(newEvent('a', { id: 'a1' }))
  t.same(await deliverAll(inbox), ['a1'])
  await inbox?.stats()
  const purging = await admin.connect()
  await purging.query('BEGIN')
  await purging.query(`SELECT ${tables}.purge(-1000, -1000, 10, NULL)`)
  const adding = inbox?.add(newEvent('a', { id: 'a1' }))
  await waits(adding, purging)
  await purging.query('COMMIT')
  purging.release()
  const expected = await adding === 'accepted' ? ['a1'] : []
  t.same(await deliverAll(inbox), expected)
  t.match(await inbox?.stats(), { pending: 0 })
})

test('what is replayed is delivered, also if it was still pending when the replay began', async (t) => {
  const { inboxes: [one, other], tables } = await share(t, 2)
  await one?.add(newEvent('a', { id: 'a1' }))
  t.same(await deliverAll(one), ['a1'])
  await one?.add(newEvent('b', { id: 'b1' }))
  const [claim] = await one?.claim(1) ?? []
  await one?.stats()
  const adding = await admin.connect()
  await adding.query('BEGIN')
  await adding.query(`INSERT INTO ${tables}.lanes (epoch, lane, head, due, adds) SELECT epoch, 'a', 0, now(), 1 FROM ${tables}.epochs`) // as if something were added to it
  const replaying = other?.replay(['a1', 'b1'])
  await waits(replaying, adding)
  if (claim !== undefined) await one?.settle(claim, allDone(claim))
  await one?.stats()
  await adding.query('ROLLBACK')
  adding.release()
  const replayed = await replaying
  t.equal((await deliverAll(other)).length, replayed)
  t.match(await other?.stats(), { pending: 0 })
})

test('a process does not take from itself what it still delivers, however long it had to wait for the server', async (t) => {
  const schema = newSchema()
  const pool = openPool(t, url, { max: 1 })
  const inbox = await openInbox(t, { pool, schema, lease: 1_000 })
  await inbox.add(newEvent('a', { id: 'a1' }))
  const [held] = await inbox.claim(1)
  const client = await pool.connect() // the last one there is
  const claiming = inbox.claim(1)
  await until(async () => (await admin.query(`SELECT FROM ${pg.escapeIdentifier(schema)}.lanes WHERE due < now()`)).rowCount === 1)
  client.release()
  t.same((await claiming).map(({ lane }) => lane), [], 'its listeners are under way')
  if (held !== undefined) await inbox.settle(held, allDone(held))
  t.match(await inbox.stats(), { pending: 0, done: 1 })
})

/** One event that is out of attempts. */
async function withDead (t: Test, processes: number) {
  const { inboxes, tables } = await share(t, processes)
  const [inbox] = inboxes
  await inbox?.add(newEvent('a', { id: 'a1' }))
  for (const claim of await inbox?.claim(1) ?? []) await inbox?.settle(claim, allDone(claim).map((outcome) => ({ ...outcome, state: 'dead' })))
  await inbox?.stats()
  return { inboxes, tables }
}

test('a dead event that comes again to several processes at once is new in one of them', async (t) => {
  const { inboxes, tables } = await withDead(t, 4)
  const statuses = await Promise.all(inboxes.flatMap((inbox) => [1, 2].map(async (n) => await inbox.add(newEvent(`b${n}`, { id: 'a1' })))))
  t.equal(statuses.filter((status) => status === 'accepted').length, 1)
  t.match(await inboxes[0]?.stats(), { pending: 1, dead: 0 })
  t.same(await deliverAll(inboxes[0]), ['a1'])
  t.match(await inboxes[0]?.stats(), { pending: 0, done: 1 })
  t.equal((await admin.query(`SELECT FROM ${tables}.events`)).rowCount, 1)
})

test('an event that waits for another process to store an invalid one of the same id is accepted in its place', async (t) => {
  const { inboxes: [inbox], tables } = await share(t, 1)
  const adding = await admin.connect()
  await adding.query('BEGIN')
  await adding.query(`SELECT ${tables}.add_events(${idArray('a1')}, '{job}', '{a}', '{3}', '{1}', '{wrong}', '{0}', '{15}', '{"event":"job"}'::text::bytea, 100)`)
  const added = inbox?.add(newEvent('b', { id: 'a1' }))
  await waits(added, adding)
  await adding.query('COMMIT')
  adding.release()
  t.equal(await added, 'accepted')
  t.match(await inbox?.stats(), { pending: 1, invalid: 0 })
})

test('a dead event that comes again while it is replayed is delivered once', async (t) => {
  const { inboxes: [inbox], tables } = await withDead(t, 1)
  const replaying = await admin.connect()
  await replaying.query('BEGIN')
  await replaying.query(`SELECT ${tables}.replay(${idArray('a1')}, false)`)
  const adding = inbox?.add(newEvent('b', { id: 'a1' }))
  await waits(adding, replaying)
  await replaying.query('COMMIT')
  replaying.release()
  t.equal(await adding, 'duplicate')
  t.same(await deliverAll(inbox), ['a1'])
  t.match(await inbox?.stats(), { pending: 0, done: 1, dead: 0 })
})

test('a dead event that is replayed while it comes again is delivered once', async (t) => {
  const { inboxes: [inbox], tables } = await withDead(t, 1)
  const adding = await admin.connect()
  await adding.query('BEGIN')
  await adding.query(`SELECT ${tables}.add_events(${idArray('a1')}, '{job}', '{b}', '{0}', '{1}', '{NULL}', '{0}', '{15}', '{"event":"job"}'::text::bytea, 100)`)
  const replaying = inbox?.replay(['a1'])
  await waits(replaying, adding)
  await adding.query('COMMIT')
  adding.release()
  t.equal(await replaying, 0)
  t.same((await inbox?.claim(9))?.map(({ lane }) => lane), ['b'])
  t.match(await inbox?.stats(), { pending: 1, dead: 0 })
})
