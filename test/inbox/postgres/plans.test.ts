import pg from 'pg'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import type { Inbox } from '../../../index.ts'
import { turns } from '../../helpers/app.ts'
import { openInbox, openPool, postgresUrl, schemas } from '../../helpers/postgres.ts'
import { newEvent } from '../conformance.ts'

const url = await postgresUrl(tap)
const newSchema = schemas(tap, url)
const admin = openPool(tap, url)

const LANES = 3_000
const TURNS = 20
const AT_ONCE = 10

/** How many entries were read of each index and each table, when no connection holds back what it has counted. */
async function readsOf (schema: string): Promise<Map<string, number>> {
  const { rows } = await admin.query<{ name: string, read: number }>(`
    SELECT indexrelname AS name, idx_tup_read::int AS read FROM pg_stat_user_indexes WHERE schemaname = $1
    UNION ALL SELECT relname, seq_tup_read::int FROM pg_stat_user_tables WHERE schemaname = $1`, [schema])
  return new Map(rows.map(({ name, read }) => [name, read]))
}

/** An inbox with many lanes, of which the server believes that there are none. */
async function fill (t: Test) {
  const schema = newSchema()
  const tables = pg.escapeIdentifier(schema)
  const filling = await openInbox(t, { connectionString: url, schema })
  for (const table of ['events', 'bodies', 'lanes', 'totals']) await admin.query(`VACUUM ANALYZE ${tables}.${table}`)
  await admin.query(`ALTER TABLE ${tables}.events SET (autovacuum_enabled = off); ALTER TABLE ${tables}.lanes SET (autovacuum_enabled = off)`)
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
  const before = await readsOf(schema)
  await inbox.close()
  let reads = await readsOf(schema)
  while (reads.get('events_lane') === before.get('events_lane')) {
    await turns()
    reads = await readsOf(schema)
  }
  return reads
}

test('however much is stored, no more of it is read than is needed, also if the server takes the tables for empty', async (t) => {
  const { schema } = await fill(t)
  const inbox = await openInbox(t, { connectionString: url, schema })
  for (let i = 0; i < TURNS; i++) {
    await deliver(inbox)
    await inbox.add(newEvent(`new ${i}`))
    await inbox.add(newEvent('known', { id: String(i) }))
  }
  const reads = await readsUntilClosed(inbox, schema)
  t.ok((reads.get('events_lane') ?? 0) > 0, 'they are counted')
  const most = [...reads].filter(([, read]) => read > 10 * TURNS * AT_ONCE + 2 * LANES)
  t.same(most, [], 'some entries for each event, each lane that is due when it opens, and not all of them for each turn')
})

test('however many lanes are suspect, those that are not are found as if there were none, and one that is as well', async (t) => {
  const { schema, tables } = await fill(t)
  await admin.query(`UPDATE ${tables}.lanes SET suspect = true; UPDATE ${tables}.events SET trial = 0`)
  const inbox = await openInbox(t, { connectionString: url, schema })
  for (let i = 0; i < TURNS; i++) {
    await Promise.all(Array.from({ length: AT_ONCE - 1 }, async (_, n) => await inbox.add(newEvent(`new ${i} ${n}`))))
    t.equal(await deliver(inbox), AT_ONCE, 'one of them is suspect')
  }
  const reads = await readsUntilClosed(inbox, schema)
  const most = [...reads].filter(([, read]) => read > 10 * TURNS * AT_ONCE + 2 * LANES)
  t.same(most, [], 'but for what making them suspect has read and left')
})

/** What is done on this connection is counted when it is closed. */
async function onOwnConnection (work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url, application_name: 'filling' })
  await client.connect()
  await work(client)
  await client.end()
  await allCounted('filling')
}

/** When no connection is open any more that would count. */
async function allCounted (name: string): Promise<void> {
  while ((await admin.query('SELECT FROM pg_stat_activity WHERE application_name = $1', [name])).rowCount !== 0) await turns()
}

test('what is replayed, discarded and purged is found without reading the rest, and what is forgotten by reading it once', async (t) => {
  const schema = newSchema()
  const tables = pg.escapeIdentifier(schema)
  const inbox = await openInbox(t, { connectionString: url, schema })
  for (const table of ['events', 'bodies', 'lanes', 'totals']) await admin.query(`VACUUM ANALYZE ${tables}.${table}`)
  await admin.query(`ALTER TABLE ${tables}.events SET (autovacuum_enabled = off)`)
  // Of all states, the same number of each.
  await onOwnConnection(async (client) => {
    await client.query(`INSERT INTO ${tables}.events (seq, id, lane, name, state, size, received, finished)
      SELECT nextval('${tables}.event_seq'), n, 'lane ' || n, 'newMessage', n % 4, 2, 1, CASE WHEN n % 4 > 0 THEN now() END FROM generate_series(1, ${4 * LANES}) AS n`)
    await client.query(`INSERT INTO ${tables}.bodies (seq, body) SELECT seq, '{}' FROM ${tables}.events`)
    await client.query(`INSERT INTO ${tables}.lanes (lane, due, adds) SELECT lane, now(), 1 FROM ${tables}.events WHERE state = 0`)
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
    for (let i = 0; i < TURNS; i++) await client.query(`SELECT ${tables}.purge(1e9, 1e9, 100)`)
  })
  const reads = [...await readsOf(schema)].map(([name, read]) => ({ name, read: read - (before.get(name) ?? 0) }))
  const [forgotten, ...others] = reads.toSorted((a, b) => b.read - a.read)
  t.match(forgotten, { name: 'events_pkey' })
  t.ok(forgotten !== undefined && forgotten.read > 3 * LANES && forgotten.read < 4 * LANES + 20 * TURNS * AT_ONCE, JSON.stringify(forgotten))
  t.same(others.filter(({ read }) => read > 10 * TURNS * AT_ONCE), [])
})
