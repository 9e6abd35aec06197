import type pg from 'pg'

/** As many transactions as make it time for a new epoch, where there are few lanes, if the last one began a while ago. */
export const SPEND = 'DO $$ BEGIN FOR i IN 1..200 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$'

async function epochOf (pool: pg.Pool, tables: string): Promise<unknown> {
  return (await pool.query<{ epoch: number }>(`SELECT epoch FROM ${tables}.epochs`)).rows[0]?.epoch
}

/** It is time for a new epoch. */
export async function makeTime (pool: pg.Pool, tables: string): Promise<void> {
  await pool.query(SPEND)
  await pool.query(`UPDATE ${tables}.epochs SET began_at = '-infinity'`)
}

/** Until a new epoch has begun, by this or by a process at the same time. */
export async function beginEpoch (pool: pg.Pool, tables: string): Promise<void> {
  const before = await epochOf(pool, tables)
  await makeTime(pool, tables)
  while (await epochOf(pool, tables) === before) await tryEpoch(pool, tables)
}

/** Begins a new epoch if that is possible: whoever is at work for long is not waited for. */
export async function tryEpoch (pool: pg.Pool, tables: string): Promise<void> {
  await pool.query(`SELECT ${tables}.rotate()`).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === '55P03')) throw error
  })
}

/** Rows of an epoch that is over. */
export async function stranded (pool: pg.Pool, tables: string): Promise<number> {
  const { rows: [row] } = await pool.query<{ count: number }>(`SELECT (SELECT count(*)::int FROM ${tables}.lanes WHERE epoch <> e.epoch)
    + (SELECT count(*)::int FROM ${tables}.totals WHERE epoch <> e.epoch) + (SELECT count(*)::int - 1 FROM ${tables}.epochs) AS count FROM ${tables}.epochs e`)
  return row?.count ?? NaN
}
