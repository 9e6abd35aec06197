import fc, { runs } from '../../helpers/property.ts'
import tap, { test } from 'tap'
import type { Inbox } from '../../../index.ts'
import { postgresUrl } from '../../helpers/postgres.ts'
import { newEvent } from '../../inbox/conformance.ts'
import { allDone, deliverAll, racesOn } from '../helpers/races.ts'

const url = await postgresUrl(tap)
const { admin, share } = racesOn(tap, url)

async function count (table: string): Promise<number> {
  const { rowCount } = await admin.query(`SELECT FROM ${table}`)
  return rowCount ?? 0
}

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
  }), runs(10))
})
