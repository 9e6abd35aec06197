import { randomUUID } from 'node:crypto'
import pg from 'pg'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import type { Claim, Inbox, NewEvent, Outcome } from '../../../index.ts'
import { beginEpoch } from '../../helpers/epochs.ts'
import { openInbox, openPool, postgresUrl, schemas } from '../../helpers/postgres.ts'
import { claimSoon, settleAll } from '../../helpers/processes.ts'
import { fillWithAll, readsOn } from '../../helpers/reads.ts'
import { adds, newEvent } from '../conformance.ts'

const url = await postgresUrl(tap)
const newSchema = schemas(tap, url)
const admin = openPool(tap, url)
const { readsOf, readsSince, emptied, onOwnConnection, allCounted } = readsOn(admin, url)

const EVENTS = 16_000
/** While it is planned. */
const FEW = 128
const TURNS = 20
const AT_ONCE = 8

/** Processes, as it were, with one connection: what it has planned once it keeps. */
interface Shared {
  readonly pool: pg.Pool
  readonly tables: string
  readonly one: Inbox
  readonly other: Inbox
  /** One more, whose first look is for all that is due. */
  readonly openAnother: () => Promise<Inbox>
}

async function open (t: Test): Promise<Shared & { schema: string }> {
  const schema = newSchema()
  const pool = new pg.Pool({ connectionString: url, max: 1, application_name: 'planned' })
  const openAnother = async () => await openInbox(t, { pool, schema, lease: 600_000 })
  const [one, other] = [await openAnother(), await openAnother()]
  return { schema, pool, tables: pg.escapeIdentifier(schema), one, other, openAnother }
}

const outcome = (seq: number, more: Partial<Outcome> = {}): Outcome => ({ seq, state: 'done', dueAt: null, completed: [], error: null, ...more })
const first = ({ events }: Claim, more?: Partial<Outcome>) => events.slice(0, 1).map(({ seq }) => outcome(seq, more))
const lanesOf = (claims: readonly Claim[]) => claims.map(({ lane }) => lane)

/** What becomes of the first events of claims, in turn. */
const FAILURES: ReadonlyArray<Partial<Outcome>> = [
  { state: 'dead' }, { state: 'invalid' }, { state: 'pending', dueAt: Number.MAX_SAFE_INTEGER }, { state: 'pending', aside: true, dueAt: Number.MAX_SAFE_INTEGER },
  { state: 'pending', collects: true, dueAt: Number.MAX_SAFE_INTEGER },
  { delivery: { attempt: 1, startedAt: new Date(), duration: 1, completed: [], failures: [] } }
]

async function fail (inbox: Inbox, claims: readonly Claim[]): Promise<void> {
  for (const [n, claim] of claims.entries()) await inbox.settle(claim, first(claim, FAILURES[n % FAILURES.length]))
  await inbox.stats()
}

/** What the functions do, each of them; `from` is the number of the first event that this is about, of those that are stored. */
const WORK: Readonly<Record<string, (shared: Shared, from: number) => Promise<unknown>>> = {
  add: async ({ one, other }, from) => {
    const some = (more: Partial<NewEvent> = {}) => Array.from({ length: AT_ONCE }, (_, n) => newEvent(`new ${from + n}`, { id: String(from + n), ...more }))
    await Promise.all(adds(one, ...some(), ...some({ state: 'invalid', problems: ['wrong'] }), ...Array.from({ length: AT_ONCE }, (_, n) => newEvent(`more ${from + n}`))))
    await other.add(newEvent(`more ${from}`))
  },
  'added for collectors': async ({ one }, from) => {
    const some = (lane: string) => Array.from({ length: AT_ONCE }, (_, n) => newEvent(`${lane} ${from + n}`, { collectAfter: 3_600_000 }))
    await Promise.all(adds(one, ...some('new'), ...some('burst'), ...some('burst'), newEvent(`more ${from}`)))
  },
  done: async ({ one }) => { await settleAll(one, await claimSoon(one, AT_ONCE)) },
  failed: async ({ one }) => { await fail(one, await claimSoon(one, AT_ONCE)) },
  collected: async ({ pool, tables, one, other }) => {
    const claims = await claimSoon(one, AT_ONCE)
    await settleAll(one, claims, ({ events }) => events.map(({ seq }) => outcome(seq, { state: 'pending', collects: true, dueAt: 0 })))
    const lanes = lanesOf(claims).map((lane) => `collect:${lane}`)
    await pool.query(`UPDATE ${tables}.lanes SET due = now() - interval '1 day' WHERE epoch = (SELECT max(epoch) FROM ${tables}.epochs) AND lane = ANY ($1)`, [lanes])
    const bursts = await claimSoon(other, lanes.length)
    // One of the others may be suspect, and comes first.
    if (bursts.filter(({ lane }) => lanes.includes(lane)).length < AT_ONCE - 1) throw new Error(`${String(lanesOf(bursts))} are claimed`)
    await fail(other, bursts)
  },
  'taken over': async ({ pool, tables, one, openAnother }) => {
    const lost = await claimSoon(one, AT_ONCE)
    const lanes = lanesOf(lost)
    await pool.query(`UPDATE ${tables}.lanes SET due = now() - interval '1 hour' WHERE epoch = (SELECT max(epoch) FROM ${tables}.epochs) AND lane = ANY ($1)`, [lanes])
    const other = await openAnother()
    const taken = await other.claim(2)
    await fail(one, lost)
    await fail(other, taken)
    await other.close()
  },
  reserved: async ({ pool, tables, one }) => {
    const claims = await claimSoon(one, AT_ONCE)
    await settleAll(one, claims, (claim) => first(claim, { state: 'pending', running: true }))
    await pool.query(`SELECT ${tables}.unreserve($1, $2)`, [randomUUID(), lanesOf(claims)])
  },
  renewed: async ({ pool, tables, one }) => {
    const claims = await claimSoon(one, AT_ONCE)
    await pool.query(`SELECT ${tables}.renew($1, $2, $3, 1000)`, [randomUUID(), lanesOf(claims), claims.map(() => 1)])
    await settleAll(one, claims, () => [])
  },
  'replayed and discarded': async ({ one }, from) => {
    const ids = Array.from({ length: AT_ONCE }, (_, n) => String(from + n))
    await one.replay(ids)
    await one.discard(ids.slice(AT_ONCE / 2))
  },
  purged: async ({ pool, tables }) => { await pool.query(`SELECT ${tables}.purge(-1000, -1000, ${AT_ONCE}, NULL)`) },
  seen: async ({ one }, from) => {
    for (const state of [undefined, 'pending'] as const) await one.list({ state, limit: AT_ONCE })
    await one.get(String(from))
  }
}

/** Others, which look through all lanes or all events, once. */
const WHOLE: Readonly<Record<string, (shared: Shared) => Promise<unknown>>> = {
  released: async ({ pool, tables }) => { await pool.query(`SELECT ${tables}.release($1, '{1,2}')`, [randomUUID()]) },
  forgotten: async ({ one }) => await one.forget('lane 1'),
  recovering: async ({ pool, tables }) => { await pool.query(`SELECT ${tables}.recovering()`) },
  rotated: async ({ pool, tables }) => {
    await pool.query(`DROP FUNCTION ${tables}.rotate(); ALTER FUNCTION ${tables}.own_rotate() RENAME TO rotate; UPDATE ${tables}.epochs SET began = '3'`)
    await beginEpoch(pool, tables)
  }
}

test('what was planned while nothing was stored reads no more than is needed once there is much', async (t) => {
  const { schema, ...shared } = await open(t)
  const { tables, one, other, pool } = shared
  await emptied(tables)
  // Every three seconds, processes count all lanes, and may write them anew: only where that is said.
  const noEpoch = `ALTER FUNCTION ${tables}.rotate() RENAME TO own_rotate; CREATE FUNCTION ${tables}.rotate() RETURNS boolean LANGUAGE sql AS 'SELECT false'`
  await admin.query(noEpoch)
  await onOwnConnection(async (client) => { await fillWithAll(client, tables, FEW) })
  for (const [n, work] of Object.values(WORK).entries()) await work(shared, 1 + n * AT_ONCE)
  for (const work of Object.values(WHOLE)) await work(shared)
  await admin.query(noEpoch)

  await onOwnConnection(async (client) => { await fillWithAll(client, tables, EVENTS, FEW) })
  const before = await readsOf(schema)
  for (let turn = 1, from = 0; turn <= TURNS; turn++) {
    for (const work of Object.values(WORK)) await work(shared, FEW + (from += AT_ONCE))
  }
  for (const work of Object.values(WHOLE)) await work(shared)
  await Promise.all([one.close(), other.close()])
  await pool.end()
  await allCounted('planned')
  const reads = await readsSince(before, schema)
  t.ok(reads.some(({ name, read }) => name === 'pending_pkey' && read > TURNS * AT_ONCE), 'they are counted')
  t.same(reads.filter(({ read }) => read > TURNS * EVENTS / 4 / 2), [], 'of no state or lane, all in each turn')
})
