import type { FastifyBaseLogger } from 'fastify'
import { CompleteInError } from '../errors/errors.ts'
import type { SqlStatement } from '../inbox/inbox.ts'
import { BurstContext } from './context.ts'
import type { CompleteIn, DeliveryContext, WebhookContext } from './context.ts'

/** The statements that say which listener is through with which event; undefined if it would not be known again. */
export type StatementsOf = () => readonly SqlStatement[] | undefined

/** What one listener gets that can say so. */
export function completing (shared: DeliveryContext, statementsOf: StatementsOf): WebhookContext {
  return shared instanceof BurstContext ? new CompletingBurstContext(shared, statementsOf) : new CompletingContext(shared, statementsOf)
}

/** What one listener gets, where it can say in a transaction that it is through: the rest is what all listeners of the event have. */
class CompletingContext implements WebhookContext {
  readonly id: string
  readonly attempt: number
  readonly problems: readonly string[]
  readonly #shared: DeliveryContext
  readonly #statementsOf: StatementsOf

  constructor (shared: DeliveryContext, statementsOf: StatementsOf) {
    this.id = shared.id
    this.attempt = shared.attempt
    this.problems = shared.problems
    this.#shared = shared
    this.#statementsOf = statementsOf
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

  /** It can be taken out, as `ids` and all the others can. */
  readonly completeIn = async (execute: CompleteIn): Promise<void> => {
    if (typeof execute !== 'function') throw new CompleteInError('it takes a function that runs a statement in your transaction')
    const statements = this.#statementsOf()
    if (statements === undefined) throw new CompleteInError('the listener needs a name that no other listener of the event has, to be known by after a restart')
    for (const statement of statements) {
      const result = await run(execute, statement)
      if (result === undefined || result === null) throw new CompleteInError('its function returned nothing, so that the statement may not have run: return what your database driver returns')
    }
  }
}

async function run (execute: CompleteIn, statement: SqlStatement): Promise<unknown> {
  try {
    return await execute(statement.sql, [...statement.values])
  } catch (thrown) {
    throw statement.refusalOf(thrown) ?? thrown
  }
}

class CompletingBurstContext extends CompletingContext {
  readonly ids: readonly string[]

  constructor (shared: BurstContext, statementsOf: StatementsOf) {
    super(shared, statementsOf)
    this.ids = shared.ids
  }
}
