import type { Claim } from '../inbox/inbox.ts'
import type { Collected } from './burst-runner.ts'
import type { ListenerRunner } from './listener-runner.ts'
import type { Places } from './places.ts'
import type { Settlements } from './settlements.ts'
import type { TimeSlices } from './time-slices.ts'

/** Claims that wait without a place: of each, its events are in memory. */
const MOST_WAITING = 1_000
const NOTHING: Collected = { outcomes: [] }

interface Parts {
  readonly places: Places
  readonly slices: TimeSlices
  readonly settlements: Settlements
  readonly runner: ListenerRunner
  readonly mayDeliver: (claim: Claim) => boolean
  /** A place is free. */
  readonly wake: () => void
}

/** A claim that waits until another one is through. */
interface Waiting {
  readonly claim: Claim
  readonly hasPlace: boolean
}

/**
 * Has claims handed over to collectors, as many at once as there are places. Collectors may take long: neither those that are at work nor the
 * claims that wait for them keep a place from another lane. Who comes first is first.
 */
export class HandOvers {
  readonly #parts: Parts
  readonly #waiting: Waiting[] = []
  #atWork = 0

  constructor (parts: Parts) {
    this.#parts = parts
  }

  get areThrough (): boolean {
    return this.#atWork + this.#waiting.length === 0
  }

  /** Of a claim that has a place. Says whether it waits for a collector. */
  begin (claim: Claim): boolean {
    const { places, mayDeliver } = this.#parts
    if (this.#atWork >= places.most && mayDeliver(claim)) {
      const hasPlace = this.#waiting.length >= MOST_WAITING
      this.#waiting.push({ claim, hasPlace })
      if (!hasPlace) this.#leave()
      return false
    }
    this.#atWork++
    return this.#collect(claim)
  }

  /** No collector is called any more: what waits is given back. */
  stop (): void {
    while (this.#waiting.length > 0) this.#next()
  }

  #collect (claim: Claim): boolean {
    const { runner, mayDeliver } = this.#parts
    const collected = mayDeliver(claim) ? runner.collect(claim) : NOTHING
    if (collected instanceof Promise) void this.#wait(claim, collected)
    else this.#end(claim, collected)
    return collected instanceof Promise
  }

  async #wait (claim: Claim, collecting: Promise<Collected>): Promise<void> {
    this.#leave()
    const collected = await collecting
    this.#parts.places.take(1)
    this.#end(claim, collected)
  }

  #end (claim: Claim, { outcomes, dueAt }: Collected): void {
    this.#atWork--
    this.#parts.settlements.settle(claim, outcomes, dueAt)
    this.#next()
  }

  #next (): void {
    const next = this.#waiting.shift()
    if (next === undefined) return
    this.#atWork++
    if (!next.hasPlace) this.#parts.places.take(1)
    this.#parts.slices.run(() => this.#collect(next.claim))
  }

  #leave (): void {
    this.#parts.places.leave()
    this.#parts.wake()
  }
}
