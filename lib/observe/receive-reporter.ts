import { InvalidEventError } from '../errors/errors.ts'
import type { CodedError } from '../errors/errors.ts'
import type { Arrival } from '../events/arrival.ts'
import type { EventCatalogue } from '../events/catalogue.ts'
import type { UnknownEvent } from '../events/schemas.ts'
import type { Receipt, Webhooks } from '../webhooks/webhooks.ts'
import { channels } from './channels.ts'
import type { ReceiveOutcome, SignatureOutcome } from './channels.ts'

const { code: INVALID } = new InvalidEventError('')

/** Tells those who want to know what comes in and what becomes of it. */
export class ReceiveReporter {
  readonly #catalogue: EventCatalogue
  readonly #webhooks: () => Webhooks

  constructor (catalogue: EventCatalogue, webhooks: () => Webhooks) {
    this.#catalogue = catalogue
    this.#webhooks = webhooks
  }

  accepted ({ id, status }: Receipt, event: UnknownEvent, duration: number): void {
    if (!channels.receive.hasSubscribers) return
    channels.receive.publish({ webhooks: this.#webhooks(), id, name: this.#catalogue.nameOf(event), outcome: status, code: status === 'invalid' ? INVALID : null, duration })
  }

  refused (error: CodedError, arrival: Pick<Arrival, 'event' | 'id'> | undefined, duration: number): void {
    if (!channels.receive.hasSubscribers) return
    channels.receive.publish({
      webhooks: this.#webhooks(),
      id: arrival?.id ?? null,
      name: arrival === undefined ? 'unknown' : this.#catalogue.nameOf(arrival.event),
      outcome: outcomeOf(error),
      code: error.code,
      duration
    })
  }

  /** Of an answer that is not of the plugin's making: nothing is known of the event, and nothing was accepted. */
  answeredOtherwise (statusCode: number, code: string | null, duration: number): void {
    if (!channels.receive.hasSubscribers) return
    const outcome = statusCode >= 500 ? 'failed' : 'refused'
    channels.receive.publish({ webhooks: this.#webhooks(), id: null, name: 'unknown', outcome, code, duration })
  }

  signatureChecked (outcome: SignatureOutcome, key: number | null): void {
    if (channels.signature.hasSubscribers) channels.signature.publish({ webhooks: this.#webhooks(), outcome, key })
  }
}

function outcomeOf (error: CodedError): ReceiveOutcome {
  if (error instanceof InvalidEventError) return 'invalid'
  return error.statusCode >= 500 ? 'failed' : 'refused'
}
