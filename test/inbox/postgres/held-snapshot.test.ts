import { randomUUID } from 'node:crypto'
import pg from 'pg'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import type { Inbox } from '../../../index.ts'
import { idBytes } from '../../../lib/inbox/postgres/ids.ts'
import { lockOf } from '../../../lib/inbox/postgres/sql/epochs.ts'
import { beginEpoch } from '../../helpers/epochs.ts'
import { openInbox, openPool, postgresUrl, schemas } from '../../helpers/postgres.ts'
import { adds, done, newEvent } from '../conformance.ts'

const url = await postgresUrl(tap)
const newSchema = schemas(tap, url)
const admin = openPool(tap, url)

const LANES = 8
const ROUNDS = 250
const AT_ONCE = 16

/** A transaction that sees what was there when it began, until the test is over. */
async function holdSnapshot (t: Test): Promise<void> {
  const client = await admin.connect()
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM pg_class')
  t.teardown(() => { client.release(true) })
}

async function deliver (inbox: Inbox): Promise<void> {
  for (const claim of await inbox.claim(LANES)) await inbox.settle(claim, done(claim))
}

/** An inbox that has been busy: thousands of events of few lanes are done. */
async function busy (t: Test, schema = newSchema()) {
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

interface Explained {
  'QUERY PLAN': [{ Plan: Record<'Shared Hit Blocks' | 'Shared Read Blocks', number> }]
}

/** How many blocks a statement has read, with all that the functions do which it calls. */
async function blocksOf (client: pg.PoolClient, statement: string, values: unknown[]): Promise<number> {
  const { rows: [row] } = await client.query<Explained>(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${statement}`, values)
  const plan = row?.['QUERY PLAN'][0].Plan
  return (plan?.['Shared Hit Blocks'] ?? NaN) + (plan?.['Shared Read Blocks'] ?? NaN)
}

const NOTHING_SETTLED = Array.from({ length: 14 }, () => [])
const turnOf = (tables: string) => `SELECT * FROM ${tables}.turn(${Array.from({ length: 22 }, (_, i) => `$${i + 1}`).join()})`

/** What it takes to add an event, to look in vain, to claim the event, and to settle it. */
async function oneEvent (client: pg.PoolClient, tables: string, number: number) {
  const holder = randomUUID()
  const add = async (id: string) => await blocksOf(client, `SELECT * FROM ${tables}.add_events($1, '{job}', '{lane 0}', '{0}', '{1}', '{NULL}', '{0}', '{2}', '{}'::text::bytea, 1000000)`, [[idBytes(id)]])
  const look = async () => await blocksOf(client, turnOf(tables), [holder, ...NOTHING_SETTLED, [], number, true, 10, 60_000, null, 50])
  const inVain = await look()
  const added = await add(`held ${number}`)
  const claimed = await look()
  const { rows: [lane] } = await admin.query<{ lane: string, adds: string, seq: string }>(`SELECT l.lane, l.adds, p.seq FROM ${tables}.lanes l JOIN ${tables}.pending p USING (lane) WHERE claim = $1`, [number])
  const settled = await blocksOf(client, turnOf(tables),
    [holder, [lane?.lane], [number], [lane?.adds], [null], [null], [false], [lane?.seq], [1], [], [], [], [], [], [], [], number + 1, true, 0, 60_000, null, 50])
  return { inVain, added, claimed, settled }
}

/** The same for the first events, by which the connection learns of the tables, and then once more. */
async function blocks (t: Test, tables: string) {
  const client = await admin.connect()
  t.teardown(() => { client.release(true) })
  for (const number of [1, 3, 5, 7, 9, 11]) await oneEvent(client, tables, number)
  const read = await oneEvent(client, tables, 13)
  t.match((await admin.query(`SELECT sum(pending)::int AS pending FROM ${tables}.totals`)).rows, [{ pending: 0 }])
  return read
}

test('while somebody holds a snapshot, to add, look, claim and settle reads about as much as without, in a new epoch', async (t) => {
  const free = await busy(t)
  await admin.query(`VACUUM ${free}.lanes; `)
  for (const table of ['pending', 'totals']) await admin.query(`VACUUM ${free}.${table}`)
  const without = await blocks(t, free)
  await holdSnapshot(t)
  const held = await busy(t)
  await beginEpoch(admin, held)
  const within = await blocks(t, held)
  t.comment(JSON.stringify({ without, within }))
  for (const what of ['inVain', 'added', 'claimed', 'settled'] as const) {
    t.ok(within[what] <= 2 * without[what] + 10, `${what}: ${within[what]} blocks, and ${without[what]} without`)
  }
})

test('in an epoch that lasts, a look that begins where the last one has ended reads past nothing that is dead', async (t) => {
  await holdSnapshot(t)
  const tables = pg.escapeIdentifier(newSchema())
  const keeper = await admin.connect()
  t.teardown(() => { keeper.release(true) })
  await keeper.query(`SELECT pg_advisory_lock_shared(${lockOf(tables)})`) // no other epoch can begin
  await busy(t, tables.slice(1, -1))
  const client = await admin.connect()
  t.teardown(() => { client.release(true) })
  const claimed = async (number: number, since: string | null) => {
    await client.query(`SELECT ${tables}.add_events($1, '{job}', $2, '{0}', '{1}', '{NULL}', '{0}', '{2}', '{}'::text::bytea, 1000000)`, [[idBytes(`held ${number}`)], [`new lane ${number}`]])
    const read = await blocksOf(client, turnOf(tables), [randomUUID(), ...NOTHING_SETTLED, [], number, true, 10, 60_000, since, 0])
    t.equal((await admin.query(`SELECT FROM ${tables}.lanes WHERE claim = $1`, [number])).rowCount, 1)
    return read
  }
  const { rows: [clock] } = await admin.query<{ now: string }>('SELECT now()::text AS now')
  for (let number = 1; number < 7; number++) await claimed(number, null)
  const [whole, rest] = [await claimed(7, null), await claimed(8, clock?.now ?? null)]
  t.comment(JSON.stringify({ whole, rest }))
  t.ok(rest * 2 < whole, `${rest} blocks, and ${whole} from the beginning`)
})
