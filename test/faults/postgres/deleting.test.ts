import fc from 'fast-check'
import type pg from 'pg'
import tap, { test } from 'tap'
import type { Inbox } from '../../../index.ts'
import { ID, idArray } from '../../helpers/postgres-ids.ts'
import { postgresUrl } from '../../helpers/postgres.ts'
import { newEvent } from '../../inbox/conformance.ts'
import { allDone, deliverAll, racesOn } from '../helpers/races.ts'

const url = await postgresUrl(tap)
const { admin, share, waits } = racesOn(tap, url)

/** A transaction that has run a statement, and is open. */
async function begin (statement: string): Promise<pg.PoolClient> {
  const client = await admin.connect()
  await client.query('BEGIN')
  await client.query(statement)
  return client
}

async function end (client: pg.PoolClient, how: 'COMMIT' | 'ROLLBACK' = 'COMMIT'): Promise<void> {
  await client.query(how)
  client.release()
}

async function count (table: string): Promise<number> {
  const { rowCount } = await admin.query(`SELECT FROM ${table}`)
  return rowCount ?? 0
}

test('what is added while its lane is emptied is delivered', async (t) => {
  const { inboxes: [one, other], tables } = await share(t, 2)
  await one?.add(newEvent('a', { id: 'a1' }))
  const discarding = await begin(`SELECT ${tables}.discard(${idArray('a1')})`)
  t.same(await other?.claim(9), [], 'nobody claims it meanwhile')
  const adding = one?.add(newEvent('a', { id: 'a2' }))
  await waits(adding, discarding)
  await end(discarding)
  t.equal(await adding, 'accepted')
  t.same(await deliverAll(other), ['a2'])
  t.match(await other?.stats(), { pending: 0, done: 1 })
  t.equal(await count(`${tables}.lanes`), 0)
})

test('a lane is not emptied under what is just added to it', async (t) => {
  const { inboxes: [one, other], tables } = await share(t, 2)
  await one?.add(newEvent('a', { id: 'a1' }))
  const adding = await begin(`SELECT ${tables}.add_events(${idArray('a2')}, '{job}', '{a}', '{0}', '{1}', '{NULL}', '{0}', '{15}', '{"event":"job"}'::text::bytea, 100)`)
  const discarding = one?.discard(['a1'])
  await waits(discarding, adding)
  await end(adding)
  t.equal(await discarding, 1)
  t.same((await other?.claim(9))?.flatMap(({ events }) => events.map(({ id }) => id)), ['a2'])
})

test('a lane that another process holds stays until it is settled, and what is added to it waits for that', async (t) => {
  const { inboxes: [one, other], tables } = await share(t, 2)
  for (const next of [[], ['a2']]) {
    await one?.add(newEvent('a', { id: 'a1' }))
    const [held] = await one?.claim(9) ?? []
    t.equal(await other?.forget('a'), 1)
    t.equal(await count(`${tables}.events`), 0)
    for (const id of next) await other?.add(newEvent('a', { id }))
    t.same(await other?.claim(9), [])
    if (held !== undefined) await one?.settle(held, allDone(held))
    t.match(await one?.stats(), { pending: next.length, done: 0 }, 'what is gone counts nothing')
    t.equal(await count(`${tables}.lanes`), next.length)
    t.same(await deliverAll(other), next)
  }
  await other?.stats()
  t.equal(await count(`${tables}.lanes`), 0)
})

test('what is settled while it is discarded counts nothing', async (t) => {
  const { inboxes: [inbox], tables } = await share(t, 1)
  await inbox?.add(newEvent('a', { id: 'a1' }))
  const [held] = await inbox?.claim(9) ?? []
  const discarding = await begin(`SELECT ${tables}.discard(${idArray('a1')})`)
  if (held !== undefined) await inbox?.settle(held, allDone(held))
  const stats = inbox?.stats()
  await waits(stats, discarding)
  await end(discarding)
  t.match(await stats, { pending: 0, done: 0 })
  t.equal(await count(`${tables}.lanes`), 0)
})

test('what is replayed while it is discarded is gone, and leaves no lane behind', async (t) => {
  const { inboxes: [inbox], tables } = await share(t, 1)
  for (const id of ['a1', 'a2']) await inbox?.add(newEvent('a', { id }))
  await deliverAll(inbox)
  t.match(await inbox?.stats(), { done: 2 })

  const replaying = await begin(`SELECT ${tables}.replay(${idArray('a1')}, false)`)
  const discarding = inbox?.discard(['a1'])
  await waits(discarding, replaying)
  await end(replaying)
  t.equal(await discarding, 1)
  t.match(await inbox?.stats(), { pending: 0, done: 1 })
  t.equal(await count(`${tables}.lanes`), 0, 'it began anew')

  const gone = await begin(`SELECT ${tables}.discard(${idArray('a2')})`)
  const late = inbox?.replay(['a2'])
  await waits(late, gone)
  await end(gone)
  t.equal(await late, 0)
  t.same(await deliverAll(inbox), [])
  t.match(await inbox?.stats(), { pending: 0, done: 0 })
  t.equal(await count(`${tables}.lanes`), 0)
})

test('what has come to another lane since its replay began is not replayed, for nobody would deliver it', async (t) => {
  const { inboxes: [inbox], tables } = await share(t, 1)
  for (const id of ['a', 'b']) await inbox?.add(newEvent(id, { id }))
  t.same(await deliverAll(inbox), ['a', 'b'])
  await inbox?.stats()
  const adding = await begin(`INSERT INTO ${tables}.lanes (epoch, lane, head, due, adds) SELECT epoch, 'a', 0, now(), 1 FROM ${tables}.epochs`) // as if something were added to it
  const replaying = inbox?.replay(['a', 'b'])
  await waits(replaying, adding)
  await admin.query(`UPDATE ${tables}.events SET lane = 'c' WHERE ${ID} = 'b'`)
  await end(adding, 'ROLLBACK')
  t.equal(await replaying, 1)
  t.same(await deliverAll(inbox), ['a'])
  t.match(await inbox?.stats(), { pending: 0, done: 2 })
})

const LANES = ['a', 'b', 'c']
const lane = fc.constantFrom(...LANES)
const chosen = fc.array(fc.nat({ max: 99 }), { minLength: 1, maxLength: 20 })
const step = fc.oneof(
  fc.record({ do: fc.constant('add' as const), lane }),
  fc.record({ do: fc.constant('deliver' as const), state: fc.constantFrom('done' as const, 'dead' as const, 'pending' as const), mark: fc.nat({ max: 3 }) }),
  fc.record({ do: fc.constant('replay' as const), chosen, all: fc.boolean() }),
  fc.record({ do: fc.constant('discard' as const), chosen }),
  fc.record({ do: fc.constant('forget' as const), lane })
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** What several processes do at the same time, each one thing after the other. */
class Many {
  readonly ids: string[] = []
  readonly claimed = new Map<string, number[]>()
  removed = 0

  async run (inbox: Inbox, steps: readonly Step[]): Promise<void> {
    for (const step of steps) await this.#do(inbox, step)
  }

  async #do (inbox: Inbox, step: Step): Promise<void> {
    if (step.do === 'add') await this.#add(inbox, step.lane)
    else if (step.do === 'deliver') await this.#deliver(inbox, step.state, step.mark)
    else if (step.do === 'replay') await inbox.replay(this.#these(step.chosen), { all: step.all })
    else {
      const removed = await (step.do === 'discard' ? inbox.discard(this.#these(step.chosen)) : inbox.forget(step.lane))
      this.removed += removed // the others have counted meanwhile
    }
  }

  async #add (inbox: Inbox, lane: string): Promise<void> {
    const events = [1, 2, 3, 4].map(() => newEvent(lane))
    await Promise.all(events.map(async (event) => await inbox.add(event)))
    this.ids.push(...events.map(({ id }) => id))
  }

  async #deliver (inbox: Inbox, state: 'done' | 'dead' | 'pending', mark: number): Promise<void> {
    const claims = await inbox.claim(2)
    for (const claim of claims) {
      this.claimed.set(claim.lane, [...this.claimed.get(claim.lane) ?? [], ...claim.events.slice(0, 1).map(({ seq }) => seq)])
      const outcomes = allDone(claim)
      const last = outcomes[mark]
      await inbox.settle(claim, last === undefined ? outcomes : [...outcomes.slice(0, mark), { ...last, state, error: 'broken' }])
    }
  }

  /** Counted from the newest. */
  #these (chosen: readonly number[]): string[] {
    return chosen.flatMap((n) => this.ids.at(-1 - n) ?? [])
  }
}

test('whatever processes do at the same time, nothing is lost but what is discarded, totals are right and order is kept', async (t) => {
  await fc.assert(fc.asyncProperty(fc.array(fc.array(step, { minLength: 15, maxLength: 30 }), { minLength: 4, maxLength: 4 }), async (plans) => {
    const { inboxes, tables } = await share(t, plans.length)
    const many = new Many()
    await Promise.all(inboxes.map(async (inbox, i) => { await many.run(inbox, plans[i] ?? []) }))
    for (const inbox of inboxes) await inbox.stats()
    const [inbox] = inboxes
    while ((await deliverAll(inbox)).length > 0) await inbox?.stats()

    const { rows } = await admin.query<{ state: string, count: number }>(`SELECT state, count(*)::int AS count FROM ${tables}.finished JOIN ${tables}.events USING (seq) GROUP BY state`)
    const counts = new Map(rows.map(({ state, count }) => [Number(state), count]))
    const { pending, done, dead, invalid } = await inbox?.stats() ?? {}
    t.same([pending, done, dead, invalid], [0, 1, 2, 3].map((state) => counts.get(state) ?? 0))
    t.equal(pending, 0)
    t.equal(await count(`${tables}.events`) + many.removed, many.ids.length)
    t.same([await count(`${tables}.pending`), await count(`${tables}.finished`)], [0, many.ids.length - many.removed])
    t.equal(await count(`${tables}.lanes`), 0)
    for (const [lane, seqs] of many.claimed) t.same(seqs, seqs.toSorted((a, b) => a - b), lane)
    for (const inbox of inboxes) await inbox.close()
  }), { numRuns: Number(process.env.PROPERTY_RUNS ?? 10) })
})
