import type { FastifyBaseLogger } from 'fastify'
import type { EventCatalogue } from '../events/catalogue.ts'
import type { ClaimedEvent } from '../inbox/inbox.ts'
import type { Webhooks } from '../webhooks/webhooks.ts'
import { hasListeners } from './listeners.ts'

interface Parts {
  readonly webhooks: Webhooks
  readonly log: FastifyBaseLogger
  readonly catalogue: EventCatalogue
}

/** An event that no listener wants is done. That nobody listens at all, or to a name that has a schema, is hardly meant. */
export class UnhandledEvents {
  readonly #parts: Parts
  /** The names that were warned of. */
  readonly #names = new Set<string>()
  /** The same of those that have waited for collectors. */
  readonly #collected = new Set<string>()
  #warned = false

  constructor (parts: Parts) {
    this.#parts = parts
  }

  tell ({ id, event }: ClaimedEvent, name: string): void {
    const { webhooks, log, catalogue } = this.#parts
    log.debug({ webhook: id, event: catalogue.labelOf(event) }, 'no listener wants this event')
    if (hasListeners(webhooks)) this.#warnOf(name)
    else if (!this.#warned) {
      this.#warned = true
      log.warn('webhooks come in, but nobody listens: they are answered, and that is all')
    }
  }

  /** It has waited for collectors, and none of them is there any more. */
  tellOfCollected ({ id }: ClaimedEvent, name: string): void {
    const { log } = this.#parts
    log.debug({ webhook: id }, 'no collector wants this event any more')
    if (this.#collected.has(name)) return
    this.#collected.add(name)
    log.warn({ event: name }, 'events of this name have waited for a collector that is not there any more: they are done without it')
  }

  #warnOf (name: string): void {
    if (name === 'unknown' || this.#names.has(name)) return
    this.#names.add(name)
    this.#parts.log.warn({ event: name }, 'no listener wants events of this name: they are answered, and that is all')
  }
}
