import type { LeasedClaim } from '../../../lib/inbox/postgres/leased-claim.ts'
import type { PostgresQuery } from '../../../lib/inbox/postgres/pool.ts'
import type { Life } from '../life.ts'
import type { PostgresStore } from './store.ts'
import type { Held, LaneRow, Tables } from './tables.ts'

/** In milliseconds in which all goes well: by then a claim is given back that its process does not know of, with one of the next turns. */
const LONG_ENOUGH = 5_000

/** Sees to it that a lease does not run out while its process is up and all goes well. */
export class LeaseWatch {
  readonly #store: PostgresStore
  /** Whose the holders are, by what they have sent. */
  readonly #lives = new Map<string, Life>()
  readonly #wentOnAt = new Map<Life, number>()
  /** Claims whose lanes were taken over. */
  readonly #takenOver = new Set<string>()
  #healedAt = Infinity

  constructor (store: PostgresStore) {
    this.#store = store
  }

  lifeOf (holder: string | null = null): Life | undefined {
    return this.#lives.get(holder ?? '')
  }

  healed (): void {
    this.#healedAt = this.#store.world.clock.now
  }

  wentOn (life: Life): void {
    this.#wentOnAt.set(life, this.#store.world.clock.now)
  }

  /** To be called before a statement is run: the lanes that are claimed, and that it does not settle. */
  before (life: Life, { text, values }: PostgresQuery, { lanes }: Tables): readonly LaneRow[] {
    if (!text.includes('.turn(')) return []
    const [holder, settled, claims] = values as [string, string[], number[]] // as deliveries.ts sends them
    this.#lives.set(holder, life)
    const isSettled = (lane: LaneRow) => settled.some((name, i) => name === lane.lane && claims[i] === lane.claim)
    return [...lanes.values()].filter((lane) => lane.claim !== null && !(lane.holder === holder && isSettled(lane))).map((lane) => ({ ...lane }))
  }

  /** And after it: those that were taken over, and those whose lease had not run out. */
  after (claimed: readonly LaneRow[], { lanes, pending, now }: Tables): void {
    const { world, lease } = this.#store
    for (const { lane, holder, claim, due } of claimed) {
      const row = lanes.get(lane)
      if (row?.claim === claim && row.holder === holder) continue
      if (due > now) {
        world.violate('order', `lane ${lane} is given back by one that does not have it`)
        continue
      }
      world.count('a lease has run out, and its lane is taken')
      this.#takenOver.add(`${holder} ${claim} ${lane}`)
      world.ledger.takenOver(lane, [...pending.values()].filter((row) => row.lane === lane))
      const life = this.#lives.get(String(holder))
      if (life === undefined || !world.up.includes(life)) continue
      const wellSince = Math.max(this.#healedAt, this.#wentOnAt.get(life) ?? 0)
      // One that it knows of is renewed when a third of the lease is over.
      const patience = world.ledger.holds(life, lane) ? lease / 2 : LONG_ENOUGH
      if (world.clock.now - wellSince < patience) continue
      world.violate('claims-end', `the lease of process ${life.number} for lane ${lane} has run out, and it is up`)
    }
  }

  isTakenOver ({ holder, claim, lane }: Held): boolean {
    return this.#takenOver.has(`${holder} ${claim} ${lane}`)
  }

  /** Whether a claim of a process is still its own, according to the server. */
  holds (life: Life, { lane, number }: LeasedClaim, { lanes }: Tables): boolean {
    const row = lanes.get(lane)
    return row?.claim === number && this.#lives.get(String(row.holder)) === life
  }

  /** Lanes that a process has according to the server. */
  heldBy (life: Life, { lanes }: Tables): string[] {
    return [...lanes.values()].filter(({ holder }) => holder !== null && this.#lives.get(holder) === life).map(({ lane }) => `lane ${lane} is held`)
  }
}
