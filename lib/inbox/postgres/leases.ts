// Only PostgreSQL: several processes deliver. A SQLite file has one owner (sqlite/store/file-lock.ts).
import type { FastifyBaseLogger } from 'fastify'
import { ignore } from '../../errors/error-of.ts'
import type { Database } from './database.ts'
import { quoted } from './identifiers.ts'
import { LeaseEnd } from './leased-claim.ts'
import type { LeasedClaim } from './leased-claim.ts'
import { Statement } from './query.ts'

/** A lease is renewed when so much of it is over. */
const PART = 1 / 3
/** After its connection was lost, the server may still be at a claim for so many milliseconds, as it waits for locks. */
const UNCERTAIN = 30_000

interface Parts {
  readonly database: Database
  readonly schema: string
  readonly log: FastifyBaseLogger
  /** Milliseconds. */
  readonly lease: number
  /** This process. */
  readonly holder: string
}

/** The leases of this process. They are renewed until their claims are settled. */
export class Leases {
  readonly #parts: Parts
  readonly #renew: Statement
  readonly #release: Statement
  readonly #held = new Set<LeasedClaim>()
  readonly #reserved = new Set<string>()
  /** Claims that may have got lanes, without this process having learnt of it. */
  readonly #abandoned: number[] = []
  /** Those that were released before the server may have made them, and until when that is possible. */
  readonly #uncertain = new Map<number, number>()
  readonly #timer: NodeJS.Timeout
  #renewing: Promise<void> | undefined
  #releasing: Promise<unknown> | undefined

  constructor (parts: Parts) {
    const schema = quoted(parts.schema)
    this.#parts = parts
    this.#renew = new Statement(`SELECT * FROM ${schema}.renew($1, $2, $3, $4)`)
    this.#release = new Statement(`SELECT ${schema}.release($1, $2)`)
    this.#timer = setInterval(() => {
      void this.#renewInTime()
      void this.#releaseAgain()
    }, parts.lease * PART)
  }

  begin (claims: readonly LeasedClaim[]): void {
    for (const claim of claims) {
      this.#held.add(claim)
      this.#reserved.delete(claim.lane)
    }
  }

  /** A lane that is given back, but for others only once this process is gone. */
  reserve (lane: string): void {
    this.#reserved.add(lane)
  }

  end (claim: LeasedClaim): void {
    this.#held.delete(claim)
  }

  abandon (number: number): void {
    this.#abandoned.push(number)
  }

  /** Of what is gone, nothing more is delivered. */
  discard (seqs: ReadonlySet<number>): void {
    for (const { events } of this.#held) for (const event of events) if (seqs.has(event.seq)) event.isDiscarded = true
  }

  /** The claim that an event is delivered by: a listener may still be at work on one whose lease was lost, while the event is here again. */
  claimOf (seq: number): LeasedClaim | undefined {
    return [...this.#held].find((claim) => claim.isHeld && claim.events.some((event) => event.seq === seq))
  }

  /** The claims that are under way. */
  get numbers (): number[] {
    return [...new Set([...this.#held].map(({ number }) => number))]
  }

  /** Whether one of them is a suspect lane's, when these are over. */
  hasSuspect (over: ReadonlySet<LeasedClaim>): boolean {
    return [...this.#held].some((claim) => claim.isSuspect && !over.has(claim))
  }

  /** Releases lanes that this process may have claimed without having learnt of it. */
  async releaseAbandoned (): Promise<void> {
    if (this.#abandoned.length === 0) return
    const { database, holder } = this.#parts
    const numbers = this.#abandoned.splice(0) // one that is abandoned meanwhile may have got lanes since
    try {
      await database.run(this.#release, [holder, numbers])
      for (const number of numbers) this.#uncertain.set(number, performance.now() + UNCERTAIN)
    } catch (error) {
      this.#abandoned.push(...numbers)
      throw error
    }
  }

  /** What is reserved for a listener that is still at work is anybody's: this process delivers no more. */
  async close (): Promise<void> {
    const { database, schema, holder } = this.#parts
    clearInterval(this.#timer)
    await Promise.all([this.#renewing, this.#releasing])
    if (this.#reserved.size === 0) return
    await Promise.allSettled([database.run(`SELECT ${quoted(schema)}.unreserve($1, $2)`, [holder, [...this.#reserved]])]) // if not, it is so a lease later
  }

  async #renewInTime (): Promise<void> {
    if (this.#renewing !== undefined || this.#held.size === 0) return
    this.#renewing = this.#renewAll().catch((err: unknown) => {
      this.#parts.log.warn({ err }, 'the leases of events under way could not be renewed: it is tried again')
    })
    await this.#renewing
    this.#renewing = undefined
  }

  /** What the server has claimed for this process only after that was released, others would else get when the lease has expired. */
  async #releaseAgain (): Promise<void> {
    const now = performance.now()
    for (const [number, until] of this.#uncertain) if (until < now) this.#uncertain.delete(number)
    if (this.#releasing !== undefined || this.#uncertain.size === 0) return
    const { database, holder } = this.#parts
    this.#releasing = database.run(this.#release, [holder, [...this.#uncertain.keys()]]).catch(ignore) // the next time, perhaps
    await this.#releasing
    this.#releasing = undefined
  }

  async #renewAll (): Promise<void> {
    const { database, lease, holder } = this.#parts
    const claims = [...this.#held]
    const until = new LeaseEnd(lease)
    const rows = await database.run(this.#renew, [holder, claims.map(({ lane }) => lane), claims.map(({ number }) => number), lease])
    const held = new Map(rows.map(({ lane, claim }) => [lane, Number(claim)]))
    for (const claim of claims) claim.renew(held.get(claim.lane) === claim.number ? until : undefined)
  }
}
