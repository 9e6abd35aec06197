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

  #warnOf (name: string): void {
    if (name === 'unknown' || this.#names.has(name)) return
    this.#names.add(name)
    this.#parts.log.warn({ event: name }, 'no listener wants events of this name: they are answered, and that is all')
  }
}
