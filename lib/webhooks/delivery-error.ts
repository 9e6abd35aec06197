import { ListenerFailedError } from '../errors/errors.ts'
import type { UnknownEvent } from '../events/schemas.ts'
import type { WebhookContext } from './context.ts'

export interface DeliveryFailure {
  readonly event: UnknownEvent
  /** Of a burst, that of its first event, and `ids` are those of all. */
  readonly context: WebhookContext & { readonly ids?: readonly string[] }
  /** The listener's function name, or its position: `listener 2`. Of several of one name, the second is `name 2`. */
  readonly listener: string
  /** Whether this was the last attempt. */
  readonly dead: boolean
  /** When the event is delivered again; null if it is dead. */
  readonly retryAt: Date | null
  /** What the listener threw. */
  readonly cause: unknown
}

/** A listener failed: what `on('error')` gets. */
export class DeliveryError extends ListenerFailedError implements DeliveryFailure {
  readonly event: UnknownEvent
  readonly context: DeliveryFailure['context']
  readonly listener: string
  readonly dead: boolean
  readonly retryAt: Date | null
  override readonly cause: unknown

  constructor (failure: DeliveryFailure) {
    super(failure.listener)
    this.event = failure.event
    this.context = failure.context
    this.listener = failure.listener
    this.dead = failure.dead
    this.retryAt = failure.retryAt
    this.cause = failure.cause
    // An error is what people log: the event and what a listener threw are there to be read, not to be serialised with it.
    for (const key of ['event', 'context', 'cause']) Object.defineProperty(this, key, { enumerable: false })
  }
}
