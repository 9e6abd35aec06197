import pg from 'pg'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import type { FindOptions, Inbox } from '../../../index.ts'
import { openInbox, openPool, postgresUrl, schemas } from '../../helpers/postgres.ts'
import { fillWithAll, readsOn } from '../../helpers/reads.ts'
import { newEvent } from '../conformance.ts'

const url = await postgresUrl(tap)
const newSchema = schemas(tap, url)
const admin = openPool(tap, url)
const { readsOf, readsSince, emptied, onOwnConnection, allCounted } = readsOn(admin, url)

const LANES = 3_000
const TURNS = 20
const AT_ONCE = 10

/** An inbox with many lanes, of which the server believes that there are none. */
async function fill (t: Test) {
  const schema = newSchema()
  const tables = pg.escapeIdentifier(schema)
  const filling = await openInbox(t, { connectionString: url, schema })
  await emptied(tables)
  await Promise.all(Array.from({ length: LANES }, async (_, n) => await filling.add(newEvent(`lane ${n}`, { id: String(n) }))))
  await filling.close()
  return { schema, tables }
}

async function deliver (inbox: Inbox): Promise<number> {
  const claims = await inbox.claim(AT_ONCE)
  for (const claim of claims) await inbox.settle(claim, claim.events.map(({ seq }) => ({ seq, state: 'done', dueAt: null, completed: [], error: null })))
  return claims.length
}

/** Closes an inbox, and its connections tell what they have read. */
async function readsUntilClosed (inbox: Inbox, schema: string): Promise<Map<string, number>> {
  await inbox.close()
  await allCounted('fastify-oneroute-webhooks')
  return await readsOf(schema)
}

test('however much is stored, no more of it is read than is needed, also if the server takes the tables for empty', async (t) => {
  const { schema } = await fill(t)
  const inbox = await openInbox(t, { connectionString: url, schema })
  for (let i = 0; i < TURNS; i++) {
    await deliver(inbox)
    await inbox.add(newEvent(`new ${i}`))
    await inbox.add(newEvent('known', { id: String(i) }))
    await inbox.add(newEvent(`lane ${LANES - i}`, { collectAfter: 0 })) // which is there
    await inbox.add(newEvent(`burst ${i % 2}`, { collectAfter: 0 }))
  }
  const reads = await readsUntilClosed(inbox, schema)
  t.ok((reads.get('pending_pkey') ?? 0) > 0, 'they are counted')
  const most = [...reads].filter(([, read]) => read > 10 * TURNS * AT_ONCE + 2 * LANES)
  t.same(most, [], 'some entries for each event, each lane that is due when it opens, and not all of them for each turn')
})

test('however many lanes are suspect, those that are not are found as if there were none, and one that is as well', async (t) => {
  const { schema, tables } = await fill(t)
  await admin.query(`UPDATE ${tables}.lanes SET suspect = true; UPDATE ${tables}.pending SET trial = 0`)
  const inbox = await openInbox(t, { connectionString: url, schema })
  for (let i = 0; i < TURNS; i++) {
    await Promise.all(Array.from({ length: AT_ONCE - 1 }, async (_, n) => await inbox.add(newEvent(`new ${i} ${n}`))))
    t.equal(await deliver(inbox), AT_ONCE, 'one of them is suspect')
  }
  const reads = await readsUntilClosed(inbox, schema)
  const most = [...reads].filter(([, read]) => read > 10 * TURNS * AT_ONCE + 2 * LANES)
  t.same(most, [], 'but for what making them suspect has read and left')
})

test('what is replayed, discarded, purged and forgotten is found without reading the rest', async (t) => {
  const schema = newSchema()
  const tables = pg.escapeIdentifier(schema)
  const inbox = await openInbox(t, { connectionString: url, schema })
  await emptied(tables)
  // Of all states, the same number of each.
  await onOwnConnection(async (client) => {
    await fillWithAll(client, tables, 4 * LANES)
  })
  const before = await readsOf(schema)
  for (let i = 0; i < TURNS; i++) {
    const ids = Array.from({ length: AT_ONCE }, (_, n) => String(1 + i * AT_ONCE + n))
    t.equal(await inbox.replay(ids) + await inbox.discard(ids), AT_ONCE + ids.filter((id) => Number(id) % 4 !== 0).length)
  }
  t.equal(await inbox.forget(`lane ${4 * LANES}`), 1)
  await inbox.close()
  await allCounted('fastify-oneroute-webhooks')
  await onOwnConnection(async (client) => {
    for (let i = 0; i < TURNS; i++) await client.query(`SELECT ${tables}.purge(1e9, 1e9, 100, NULL)`)
  })
  t.same((await readsSince(before, schema)).filter(({ read }) => read > 10 * TURNS * AT_ONCE), [])
})

test('a conversation, an id, and what fails, is found without reading the rest', async (t) => {
  const schema = newSchema()
  const tables = pg.escapeIdentifier(schema)
  const inbox = await openInbox(t, { connectionString: url, schema })
  await emptied(tables)
  await onOwnConnection(async (client) => {
    await fillWithAll(client, tables, 4 * LANES)
    await client.query(`UPDATE ${tables}.pending SET attempts = 1 WHERE seq = 4`)
    await client.query(`UPDATE ${tables}.events SET id = sha256(id)`)
  })
  const searches: FindOptions[] = [
    { conversation: 'lane 9' }, { conversation: 'lane 8', state: 'pending' }, { conversation: 'lane 8', failing: true }, { conversation: 'none' }, { failing: true }, { limit: 5 }, { conversation: 'lane 7', text: 'nothing like it' }
  ]
  const { events: [one] } = await inbox.find?.({ conversation: 'lane 6' }) ?? { events: [] }
  searches.push({ id: one?.id.slice(0, 6) })
  const before = await readsOf(schema)
  const found: number[] = []
  for (const search of searches) found.push((await inbox.find?.(search))?.ids.length ?? NaN)
  t.same(found, [1, 1, 0, 0, 1, 5, 0, 1])
  await inbox.close()
  await allCounted('fastify-oneroute-webhooks')
  const reads = (await readsSince(before, schema)).filter(({ read }) => read > 1_000)
  t.same(reads, [])
})
