import { setImmediate } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import { errorOf, quietly } from '../errors/error-of.ts'
import type { Awaitable, Claim, Inbox, Outcome } from '../inbox/inbox.ts'
import type { Webhooks } from '../webhooks/webhooks.ts'
import type { Collected } from './burst-runner.ts'
import type { ListenerRunner } from './listener-runner.ts'
import { hasListeners } from './listeners.ts'
import { gone, isToBeTriedAgain } from './outcomes.ts'
import { Places } from './places.ts'
import { Settlements } from './settlements.ts'
import { TimeSlices } from './time-slices.ts'

const CLAIM_AGAIN_AFTER = 1_000 // ms, when the inbox could not be asked

interface Parts {
  readonly inbox: Inbox
  readonly webhooks: Webhooks
  readonly runner: ListenerRunner
  readonly log: FastifyBaseLogger
  /** Lanes at once. */
  readonly concurrency: number
}

/**
 * Takes lanes from the inbox, has their events delivered one after the other, and gives them back settled. Callbacks, not
 * promises: with synchronous listeners and an inbox in memory, an event is through before `wake` returns, unless its listeners would
 * keep the event loop from its turn.
 */
export class Dispatcher {
  readonly #parts: Parts
  readonly #slices = new TimeSlices()
  readonly #settlements: Settlements
  readonly #places: Places
  #claiming = false
  /** Whether a lane may have become due since the last claim began. */
  #woken = false
  #started = false
  #stopped = false
  #gaveUp = false
  #again: NodeJS.Timeout | undefined
  #deadline: NodeJS.Timeout | undefined
  #idle: PromiseWithResolvers<undefined> | undefined

  constructor (parts: Parts) {
    this.#parts = parts
    this.#places = new Places(parts.concurrency)
    this.#settlements = new Settlements({ ...parts, onClaimEnd: () => { this.#endClaim() }, wake: () => { this.wake() } })
  }

  start (): void {
    this.#started = true
    this.wake()
  }

  wake (): void {
    this.#woken = true
    this.#claim()
  }

  /**
   * From now on an inbox that is durable keeps what is not begun for the next start. Others have nowhere to keep it, so their
   * events are delivered until the time is up.
   */
  drain (timeout: number): void {
    this.#deadline = setTimeout(() => { void this.#giveUp() }, timeout)
    if (this.#parts.inbox.durable) this.#stopped = true
  }

  /** Settles when nothing is under way, or the time of `drain` is up. */
  async end (): Promise<void> {
    if (!this.isIdle() && !this.#gaveUp) {
      this.#idle = Promise.withResolvers()
      await this.#idle.promise
    }
    this.#stopped = true
    clearTimeout(this.#deadline)
    clearTimeout(this.#again)
  }

  async #giveUp (): Promise<void> {
    const { runner, log, inbox } = this.#parts
    this.#stopped = true
    const abandoned = runner.abandon()
    if (abandoned > 0) log.warn({ events: abandoned }, 'closing no longer waits for listeners that are still running')
    await setImmediate() // what was abandoned is given back first
    try {
      // Requests wait for such an inbox, and the server for them: they have to be told now.
      if (!inbox.durable) await inbox.close()
    } catch (err) {
      log.error({ err }, 'the inbox could not be closed')
    }
    this.#gaveUp = true
    this.#idle?.resolve(undefined)
  }

  #mayClaim (): boolean {
    // Events that can wait do so while nobody listens.
    return this.#started && !this.#stopped && this.#places.free > 0 && (!this.#parts.inbox.durable || hasListeners(this.#parts.webhooks))
  }

  /** Whether nothing is under way, or asked for. */
  isIdle (): boolean {
    return this.#places.areAllFree && !this.#claiming
  }

  #claim (): void {
    while (!this.#claiming && this.#woken && this.#mayClaim()) {
      this.#woken = false
      this.#claiming = true
      const claims = this.#ask()
      if (!Array.isArray(claims)) {
        void this.#startLater(claims)
        return
      }
      this.#startClaims(claims)
    }
  }

  async #startLater (claims: Awaitable<readonly Claim[]>): Promise<void> {
    try {
      this.#startClaims(await claims)
    } catch (err) {
      this.#claimLater(err)
    }
    this.#goOn()
  }

  #goOn (): void {
    this.#claim()
    if (this.isIdle()) this.#idle?.resolve(undefined)
  }

  #ask (): Awaitable<readonly Claim[]> {
    try {
      return this.#parts.inbox.claim(this.#places.free)
    } catch (err) {
      this.#claimLater(err)
      return []
    }
  }

  #claimLater (err: unknown): void {
    this.#claiming = false
    quietly(() => { this.#parts.log.error({ err: errorOf(err) }, 'no events could be taken from the inbox') })
    clearTimeout(this.#again)
    if (!this.#stopped) this.#again = setTimeout(() => { this.wake() }, CLAIM_AGAIN_AFTER)
  }

  #startClaims (claims: readonly Claim[]): void {
    this.#places.take(claims.length)
    for (const claim of claims) this.#slices.run(() => this.#deliver(claim, []))
    this.#claiming = false
  }

  /** Goes through a claim's events, in one go as long as none has to be waited for. Says whether it waits for one. */
  #deliver (claim: Claim, outcomes: Outcome[]): boolean {
    if (claim.events[0]?.collectedFrom !== undefined) return this.#collect(claim)
    for (let event = claim.events[outcomes.length]; event !== undefined && event.collectedFrom === undefined && this.#mayDeliver(claim); event = claim.events[outcomes.length]) {
      if (this.#slices.isOver) {
        this.#slices.run(() => this.#deliver(claim, outcomes))
        return false
      }
      const outcome = event.isDiscarded === true ? gone(event) : this.#parts.runner.run(event, claim.lane)
      if (outcome instanceof Promise) {
        void this.#deliverLater(claim, outcomes, outcome)
        return true
      }
      outcomes.push(outcome)
      if (isToBeTriedAgain(outcome)) break
    }
    this.#settlements.settle(claim, outcomes)
    return false
  }

  #mayDeliver ({ isHeld = true }: Claim): boolean {
    return isHeld && !this.#stopped
  }

  async #deliverLater (claim: Claim, outcomes: Outcome[], delivering: Promise<Outcome | undefined>): Promise<void> {
    const outcome = await delivering
    if (outcome !== undefined) outcomes.push(outcome)
    if (outcome === undefined || isToBeTriedAgain(outcome)) this.#settlements.settle(claim, outcomes)
    else this.#slices.run(() => this.#deliver(claim, outcomes))
  }

  #collect (claim: Claim): boolean {
    const collected = this.#mayDeliver(claim) ? this.#parts.runner.collect(claim) : { outcomes: [] }
    const settle = ({ outcomes, dueAt }: Collected) => { this.#settlements.settle(claim, outcomes, dueAt) }
    if (collected instanceof Promise) void this.#places.beside(collected, () => { this.wake() }).then(settle)
    else settle(collected)
    return collected instanceof Promise
  }

  #endClaim (): void {
    this.#places.leave()
    this.#woken = true // its lane may be due again
    this.#goOn()
  }
}
