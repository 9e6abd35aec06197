import { statSync } from 'node:fs'
import pg from 'pg'
import type { Scope } from '../../helpers/scope.ts'
import type { Store } from '../stores.ts'

/** Bytes, by what has them; and what the database has counted since it began. */
export interface Sizes {
  readonly bytes: Readonly<Record<string, number>>
  readonly counts: Readonly<Record<string, number>>
  /** Row versions that nobody sees any more and that are not yet removed. */
  readonly dead?: number
}

export type Measure = () => Promise<Sizes>

export async function sizesOf (scope: Scope, { settings: { path = '', postgres } }: Store): Promise<Measure> {
  if (postgres === undefined) return async () => ({ bytes: { file: sizeOf(path), log: sizeOf(`${path}-wal`) }, counts: {} })
  const { connectionString, schema } = postgres
  const client = new pg.Client(connectionString)
  await client.connect()
  scope.teardown(async () => { await client.end() })
  return async () => {
    const { rows: [row] } = await client.query<Record<string, string>>(`SELECT
      sum(pg_table_size(relid)) AS tables, sum(pg_indexes_size(relid)) AS indexes, sum(n_dead_tup) AS dead, sum(n_tup_upd + n_tup_del) AS died,
      pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') AS log FROM pg_stat_user_tables WHERE schemaname = $1`, [schema])
    const { tables, indexes, dead, died, log } = row ?? {}
    return { bytes: { tables: Number(tables), indexes: Number(indexes) }, counts: { log: Number(log), died: Number(died) }, dead: Number(dead) }
  }
}

function sizeOf (path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
