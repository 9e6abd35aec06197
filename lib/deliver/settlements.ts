import type { FastifyBaseLogger } from 'fastify'
import { errorOf, quietly } from '../errors/error-of.ts'
import type { Awaitable, Claim, Inbox, Outcome } from '../inbox/inbox.ts'
import { asOfNow } from './outcomes.ts'

/** Before a lane is given back whose outcomes could not even be handed over, in milliseconds. */
const GIVE_BACK_AFTER = 1_000

interface Parts {
  readonly inbox: Inbox
  readonly log: FastifyBaseLogger
  /** A claim is over. */
  readonly onClaimEnd: () => void
  /** A lane may have become due. */
  readonly wake: () => void
}

/** Hands over to the inbox what became of claims. */
export class Settlements {
  readonly #parts: Parts

  constructor (parts: Parts) {
    this.#parts = parts
  }

  settle (claim: Claim, outcomes: readonly Outcome[], dueAt?: number): void {
    const { onClaimEnd } = this.#parts
    const settled = this.#hand(claim, outcomes, dueAt)
    if (settled === undefined) onClaimEnd()
    else Promise.resolve(settled).catch((thrown: unknown) => { this.#failed(claim, thrown) }).finally(onClaimEnd)
  }

  #hand (claim: Claim, outcomes: readonly Outcome[], dueAt: number | undefined): Awaitable<void> {
    try {
      return this.#parts.inbox.settle(claim, outcomes.map(asOfNow), dueAt)
    } catch (thrown) {
      this.#failed(claim, thrown)
    }
  }

  /** What could not be handed over counts for nothing, and the lane is given back as it was: nobody else would ever do so. */
  #failed (claim: Claim, thrown: unknown): void {
    quietly(() => { this.#parts.log.error({ err: errorOf(thrown) }, 'what became of an event could not be recorded: it will be delivered again') })
    setTimeout(() => { void this.#giveBack(claim) }, GIVE_BACK_AFTER).unref()
  }

  async #giveBack (claim: Claim): Promise<void> {
    const { inbox, wake } = this.#parts
    try {
      await inbox.settle(claim, [])
    } catch {
      // It was said once. An inbox that cannot do even this has lost the claim, or will when it comes to itself.
    }
    wake()
  }
}
