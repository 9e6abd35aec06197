import tap from 'tap'
import type { Test } from 'tap'
import { newSchema, openPool, postgresUrl } from '../../helpers/postgres.ts'
import { testCollectingKills } from '../helpers/collecting-kills.ts'

const connectionString = await postgresUrl(tap)
const pool = openPool(tap, connectionString)
await pool.query('CREATE TABLE collected (conversation text, n integer)')

/** Saved is what was posted, each event once. */
async function checkSaved (t: Test, posted: ReadonlyMap<string, number>): Promise<void> {
  const { rows } = await pool.query<{ conversation: string, n: number, times: number }>('SELECT conversation, n, count(*)::integer AS times FROM collected GROUP BY 1, 2')
  t.same(rows.filter(({ times }) => times !== 1), [])
  t.same(new Map([...Map.groupBy(rows, ({ conversation }) => conversation)].map(([conversation, { length }]) => [conversation, length])), posted)
}

testCollectingKills('PostgreSQL, in a transaction of the app', () => ({ postgres: { connectionString, schema: newSchema(), lease: 2_000 } }), { processes: 3, kills: 2, saves: { connectionString }, check: checkSaved })
