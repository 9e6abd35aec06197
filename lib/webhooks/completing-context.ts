import type { FastifyBaseLogger } from 'fastify'
import { CompleteInError } from '../errors/errors.ts'
import type { SqlStatement } from '../inbox/inbox.ts'
import type { CompleteIn, DeliveryContext, WebhookContext } from './context.ts'

/** The statement that says which listener is through; undefined if it would not be known again. */
export type StatementOf = () => SqlStatement | undefined

/** What one listener gets, where it can say in a transaction that it is through: the rest is what all listeners of the event have. */
export class CompletingContext implements WebhookContext {
  readonly id: string
  readonly attempt: number
  readonly problems: readonly string[]
  readonly #shared: DeliveryContext
  readonly #statementOf: StatementOf

  constructor (shared: DeliveryContext, statementOf: StatementOf) {
    this.id = shared.id
    this.attempt = shared.attempt
    this.problems = shared.problems
    this.#shared = shared
    this.#statementOf = statementOf
  }

  get receivedAt (): Date {
    return this.#shared.receivedAt
  }

  get log (): FastifyBaseLogger {
    return this.#shared.log
  }

  get signal (): AbortSignal {
    return this.#shared.signal
  }

  async completeIn (execute: CompleteIn): Promise<void> {
    const statement = this.#statementOf()
    if (statement === undefined) throw new CompleteInError('the listener needs a name that no other listener of the event has, to be known by after a restart')
    try {
      await execute(statement.sql, [...statement.values])
    } catch (thrown) {
      throw statement.refusalOf(thrown) ?? thrown
    }
  }
}
