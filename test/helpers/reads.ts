import pg from 'pg'
import { turns } from './app.ts'

const TABLES = ['events', 'pending', 'finished', 'lanes', 'totals', 'epochs']

/** What is read of the tables of inboxes on one server. */
export function readsOn (admin: pg.Pool, url: string) {
  /** How many entries were read of each index and each table, by connections that hold nothing back of what they have counted. */
  async function readsOf (schema: string): Promise<Map<string, number>> {
    const { rows } = await admin.query<{ name: string, read: number }>(`
      SELECT indexrelname AS name, idx_tup_read::int AS read FROM pg_stat_user_indexes WHERE schemaname = $1
      UNION ALL SELECT relname, seq_tup_read::int FROM pg_stat_user_tables WHERE schemaname = $1`, [schema])
    return new Map(rows.map(({ name, read }) => [name, read]))
  }

  /** How many since then, and those of which most were read first. */
  async function readsSince (before: ReadonlyMap<string, number>, schema: string) {
    const reads = [...await readsOf(schema)].map(([name, read]) => ({ name, read: read - (before.get(name) ?? 0) }))
    return reads.toSorted((a, b) => b.read - a.read)
  }

  /** The server knows that there is nothing in these tables, and does not look again. */
  async function emptied (tables: string): Promise<void> {
    for (const table of TABLES) await admin.query(`VACUUM ANALYZE ${tables}.${table}`)
    await admin.query(TABLES.map((table) => `ALTER TABLE ${tables}.${table} SET (autovacuum_enabled = off)`).join(';'))
  }

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

  return { readsOf, readsSince, emptied, onOwnConnection, allCounted }
}

/** So many events: of all states, the same number of each. Their ids, and their lanes' names, have their numbers, from the one after `from`. */
export async function fillWithAll (client: pg.Client, tables: string, count: number, from = 0): Promise<void> {
  const numbers = `generate_series(${from + 1}, ${from + count}) AS n`
  await client.query(`CREATE TEMPORARY TABLE filling AS SELECT nextval('${tables}.event_seq') AS seq, n, n % 4 AS state, 'lane ' || n AS lane FROM ${numbers}`)
  await client.query(`INSERT INTO ${tables}.events (seq, born, id, lane, name, size, received, body)
    SELECT seq, seq, convert_to(n::text, 'UTF8') || decode(repeat('00', 33 - length(n::text)), 'hex'), lane, 'newMessage', 2, 1, '{}' FROM filling`)
  await client.query(`INSERT INTO ${tables}.pending (seq, size, lane) SELECT seq, 2, lane FROM filling WHERE state = 0`)
  await client.query(`INSERT INTO ${tables}.finished (seq, state, finished, attempts) SELECT seq, state, now(), 1 FROM filling WHERE state > 0`)
  await client.query(`INSERT INTO ${tables}.lanes (epoch, lane, head, due, adds) SELECT epoch, lane, seq, now(), 1 FROM filling, ${tables}.epochs WHERE state = 0`)
  const sums = ['pending', 'done', 'dead', 'invalid'].map((state) => `${state} = ${state} + ${count / 4}`).join()
  await client.query(`UPDATE ${tables}.totals SET ${sums} WHERE shard = 0`)
}
