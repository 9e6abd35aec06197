import type { FastifyBaseLogger } from 'fastify'
import { CompleteInError } from '../errors/errors.ts'
import type { ClaimedEvent } from '../inbox/inbox.ts'

/** Runs a statement of SQL in a transaction: `$1` stands for the first of the values. Resolves to what the driver does: if that is nothing, it may not have run. */
export type CompleteIn = (sql: string, values: string[]) => PromiseLike<object | number>

/** What a listener gets besides the event. */
export interface WebhookContext {
  /** SHA-256 of the body, base64url, unless the `key` option says otherwise: the same for every delivery and every repeat of an event. */
  readonly id: string
  readonly receivedAt: Date
  /** The delivery that this is, from 1. */
  readonly attempt: number
  /** For listeners of `invalid`, where the event differs from its schema and what was expected there, in ten places at the most: `/conversation/id: Expected string`. Empty for all others. */
  readonly problems: readonly string[]
  /** A child of the app's logger that names the event's id and the attempt. */
  readonly log: FastifyBaseLogger
  /** Aborted when the listener has taken too long, or the server no longer waits for it. */
  readonly signal: AbortSignal
  /**
   * With `postgresInbox`: records in a transaction of your own that this listener is through with this event. If that is committed, the
   * listener is not called for it again, whatever ends when. Rejects with `DeliveryLostError` if the delivery does not count any more, and
   * with `CompleteInError` if the function resolves to nothing: let it through, so that the transaction is rolled back.
   */
  readonly completeIn: (execute: CompleteIn) => Promise<void>
}

/** `log` and `signal` are made when they are first read: an event that needs neither pays for neither. */
export class DeliveryContext implements WebhookContext {
  readonly id: string
  readonly attempt: number
  readonly problems: readonly string[]
  readonly #receivedAt: number
  readonly #parentLog: FastifyBaseLogger
  /** What its logger names instead of the event's id. */
  readonly #about: Readonly<Record<string, unknown>> | undefined
  #log: FastifyBaseLogger | undefined
  #controller: AbortController | undefined
  #reason: Error | undefined

  constructor (event: ClaimedEvent, problems: readonly string[], log: FastifyBaseLogger, about?: Readonly<Record<string, unknown>>) {
    this.id = event.id
    this.attempt = event.attempt
    this.problems = problems
    this.#receivedAt = event.receivedAt
    this.#parentLog = log
    this.#about = about
  }

  get receivedAt (): Date {
    return new Date(this.#receivedAt)
  }

  get log (): FastifyBaseLogger {
    this.#log ??= this.#parentLog.child({ ...this.#about ?? { webhook: this.id }, attempt: this.attempt })
    return this.#log
  }

  get signal (): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#reason !== undefined) this.#controller.abort(this.#reason)
    }
    return this.#controller.signal
  }

  async completeIn (_execute: CompleteIn): Promise<void> {
    throw new CompleteInError('it needs an inbox that is in the same database, made by `postgresInbox`')
  }

  /** For the one who runs the listeners: in a method it would be the listeners' to call. */
  static abort (context: DeliveryContext, reason: Error): void {
    context.#reason = reason
    context.#controller?.abort(reason)
  }
}

/** Of a burst: that of its first event, but for what goes for all. */
export class BurstContext extends DeliveryContext {
  readonly ids: readonly string[]

  constructor (event: ClaimedEvent, ids: readonly string[], log: FastifyBaseLogger) {
    super(event, [], log, { webhooks: ids })
    this.ids = ids
  }
}
