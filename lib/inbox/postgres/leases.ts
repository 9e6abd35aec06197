import type { FastifyBaseLogger } from 'fastify'
import { Statement } from './database.ts'
import type { Database } from './database.ts'
import { LeaseEnd } from './held.ts'
import type { HeldClaim } from './held.ts'
import { quoted } from './names.ts'

/** A lease is renewed when so much of it is over. */
const PART = 1 / 3

interface Parts {
  readonly database: Database
  readonly schema: string
  readonly log: FastifyBaseLogger
  /** Milliseconds. */
  readonly lease: number
}

/** The leases of this process. They are renewed until their claims are settled. */
export class Leases {
  readonly #parts: Parts
  readonly #renew: Statement
  readonly #release: string
  readonly #held = new Set<HeldClaim>()
  /** Holders of lanes that this process may have claimed, without having learnt of it. */
  #abandoned: string[] = []
  readonly #timer: NodeJS.Timeout
  #renewing: Promise<void> | undefined

  constructor (parts: Parts) {
    const schema = quoted(parts.schema)
    this.#parts = parts
    this.#renew = new Statement(`SELECT * FROM ${schema}.renew($1, $2, $3) AS held`)
    this.#release = `UPDATE ${schema}.lanes SET holder = NULL, due = now() WHERE holder = ANY ($1::uuid[])`
    this.#timer = setInterval(() => { void this.#renewInTime() }, parts.lease * PART)
  }

  begin (claims: readonly HeldClaim[]): void {
    for (const claim of claims) this.#held.add(claim)
  }

  end (claim: HeldClaim): void {
    this.#held.delete(claim)
  }

  abandon (holder: string): void {
    this.#abandoned.push(holder)
  }

  /** Before lanes are claimed: what this process has already must not be due, and what it has without knowing has to be. */
  async mend (): Promise<void> {
    if (this.#abandoned.length > 0) {
      const holders = this.#abandoned
      await this.#parts.database.run(this.#release, [holders])
      this.#abandoned = this.#abandoned.filter((holder) => !holders.includes(holder))
    }
    if ([...this.#held].some(({ isHeld }) => !isHeld)) await this.#renewAll()
  }

  async close (): Promise<void> {
    clearInterval(this.#timer)
    await this.#renewing
  }

  async #renewInTime (): Promise<void> {
    if (this.#renewing !== undefined || this.#held.size === 0) return
    this.#renewing = this.#renewAll().catch((err: unknown) => {
      this.#parts.log.warn({ err }, 'the leases of events under way could not be renewed: it is tried again')
    })
    await this.#renewing
    this.#renewing = undefined
  }

  async #renewAll (): Promise<void> {
    const { database, lease } = this.#parts
    const claims = [...this.#held]
    const until = new LeaseEnd(lease)
    const rows = await database.run(this.#renew, [claims.map(({ lane }) => lane), claims.map(({ holder }) => holder), lease])
    const held = new Set(rows.map((row) => row.held))
    for (const claim of claims) claim.renew(held.has(claim.holder + claim.lane) ? until : undefined)
  }
}
