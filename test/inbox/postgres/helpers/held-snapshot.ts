import { randomUUID } from 'node:crypto'
import pg from 'pg'
import tap from 'tap'
import type { Test } from 'tap'
import type { Inbox } from '../../../../index.ts'
import { idBytes } from '../../../../lib/inbox/postgres/ids.ts'
import { openInbox, openPool, postgresUrl, schemas } from '../../../helpers/postgres.ts'
import { adds, done, newEvent } from '../../conformance.ts'

export const url = await postgresUrl(tap)

export const newSchema = schemas(tap, url)

export const admin = openPool(tap, url)

export const LANES = 8

export const ROUNDS = 100

export const AT_ONCE = 16

/** A transaction that sees what was there when it began, until the test is over. */
export async function holdSnapshot (t: Test): Promise<void> {
  const client = await admin.connect()
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM pg_class')
  t.teardown(() => { client.release(true) })
}

export async function deliver (inbox: Inbox): Promise<void> {
  for (const claim of await inbox.claim(LANES)) await inbox.settle(claim, done(claim))
}

/** An inbox that has been busy: thousands of events of few lanes are done. */
export async function busy (t: Test, schema = newSchema()) {
  const tables = pg.escapeIdentifier(schema)
  const inbox = await openInbox(t, { connectionString: url, schema })
  for (const table of ['events', 'pending', 'finished', 'lanes', 'totals', 'epochs']) await admin.query(`ALTER TABLE ${tables}.${table} SET (autovacuum_enabled = off)`)
  for (let round = 0; round < ROUNDS; round++) {
    await Promise.all(adds(inbox, ...Array.from({ length: AT_ONCE }, (_, n) => newEvent(`lane ${n % LANES}`))))
    await deliver(inbox)
  }
  while ((await inbox.stats()).pending > 0) await deliver(inbox)
  t.match(await inbox.stats(), { pending: 0, done: ROUNDS * AT_ONCE })
  await inbox.close()
  return tables
}

export interface Explained {
  'QUERY PLAN': [{ Plan: Record<'Shared Hit Blocks' | 'Shared Read Blocks', number> }]
}

/** How many blocks a statement has read, with all that the functions do which it calls. */
export async function blocksOf (client: pg.PoolClient, statement: string, values: unknown[]): Promise<number> {
  const { rows: [row] } = await client.query<Explained>(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${statement}`, values)
  const plan = row?.['QUERY PLAN'][0].Plan
  return (plan?.['Shared Hit Blocks'] ?? NaN) + (plan?.['Shared Read Blocks'] ?? NaN)
}

export const NOTHING_SETTLED = Array.from({ length: 18 }, () => [])

export const turnOf = (tables: string) => `SELECT * FROM ${tables}.turn(${Array.from({ length: 26 }, (_, i) => `$${i + 1}`).join()})`

/** What it takes to add an event, to look in vain, to claim the event, and to settle it. */
export async function oneEvent (client: pg.PoolClient, tables: string, number: number) {
  const holder = randomUUID()
  const add = async (id: string) => await blocksOf(client, `SELECT * FROM ${tables}.add_events($1, '{job}', '{lane 0}', '{0}', '{1}', '{NULL}', '{0}', '{2}', '{}'::text::bytea, 1000000)`, [[idBytes(id)]])
  const look = async () => await blocksOf(client, turnOf(tables), [holder, ...NOTHING_SETTLED, [], number, true, 10, 60_000, null, 50])
  const inVain = await look()
  const added = await add(`held ${number}`)
  const claimed = await look()
  const { rows: [lane] } = await admin.query<{ lane: string, adds: string, seq: string }>(`SELECT l.lane, l.adds, p.seq FROM ${tables}.lanes l JOIN ${tables}.pending p USING (lane) WHERE claim = $1`, [number])
  const settled = await blocksOf(client, turnOf(tables),
    [holder, [lane?.lane], [number], [lane?.adds], [null], [null], [lane?.seq], [1], [], [], [], [], [], [], [], [], [], [], [], [], number + 1, true, 0, 60_000, null, 50])
  return { inVain, added, claimed, settled }
}

/** The same for the first events, by which the connection learns of the tables, and then once more. */
export async function blocks (t: Test, tables: string) {
  const client = await admin.connect()
  t.teardown(() => { client.release(true) })
  for (const number of [1, 3, 5, 7, 9, 11]) await oneEvent(client, tables, number)
  const read = await oneEvent(client, tables, 13)
  t.match((await admin.query(`SELECT sum(pending)::int AS pending FROM ${tables}.totals`)).rows, [{ pending: 0 }])
  return read
}
