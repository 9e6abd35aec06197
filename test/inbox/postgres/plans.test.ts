import pg from 'pg'
import tap, { test } from 'tap'
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

test('however much is stored, no more of it is read than is needed, also if the server takes the tables for empty', async (t) => {
  const schema = newSchema()
  const tables = pg.escapeIdentifier(schema)
  const filling = await openInbox(t, { connectionString: url, schema })
  for (const table of ['events', 'bodies', 'lanes', 'totals']) await admin.query(`VACUUM ANALYZE ${tables}.${table}`)
  await admin.query(`ALTER TABLE ${tables}.events SET (autovacuum_enabled = off); ALTER TABLE ${tables}.lanes SET (autovacuum_enabled = off)`)
  await Promise.all(Array.from({ length: LANES }, async (_, n) => await filling.add(newEvent(`lane ${n}`, { id: String(n) }))))
  await filling.close()

  const inbox = await openInbox(t, { connectionString: url, schema })
  for (let i = 0; i < TURNS; i++) {
    const claims = await inbox.claim(AT_ONCE)
    for (const claim of claims) await inbox.settle(claim, claim.events.map(({ seq }) => ({ seq, state: 'done', dueAt: null, completed: [], error: null })))
    await inbox.add(newEvent(`new ${i}`))
    await inbox.add(newEvent('known', { id: String(i) }))
  }
  const before = await readsOf(schema)
  await inbox.close() // and its connections tell what they have read
  let reads = await readsOf(schema)
  while (reads.get('events_lane') === before.get('events_lane')) {
    await turns()
    reads = await readsOf(schema)
  }
  t.ok((reads.get('events_lane') ?? 0) > 0, 'they are counted')
  const most = [...reads].filter(([, read]) => read > 10 * TURNS * AT_ONCE + LANES)
  t.same(most, [], 'some entries for each event, and not all of them for each turn')
})
