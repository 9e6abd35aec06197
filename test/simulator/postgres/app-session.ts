import { errorOf } from '../../../lib/errors/error-of.ts'
import type { PostgresQuery } from '../../../lib/inbox/postgres/pool.ts'
import type { Row } from '../../../lib/inbox/postgres/query.ts'
import { commitCompletion, completionOf, expectNew } from './changes.ts'
import { completionIn } from './functions.ts'
import type { Noted, Tables, Transaction } from './tables.ts'

/** What an app does beside the function of the inbox. */
export const BEGIN = 'BEGIN'
export const INSERT = 'INSERT INTO app_rows VALUES ($1)'
export const COMMIT = 'COMMIT'
export const ROLLBACK = 'ROLLBACK'

const ABORTED = 'current transaction is aborted, commands ignored until end of transaction block'

/** What is told of it. */
interface SessionEvents {
  /** A claim was found to be the one that its lane has. */
  completes? (noted: Noted): void
  committed? (transaction: Transaction): void
}

/** A connection of an app, as the server has it: its transactions are READ COMMITTED, one after the other. */
export class AppSession {
  readonly #tables: Tables
  readonly #events: SessionEvents
  #transaction: Transaction | undefined
  /** What the statement under way is to insert, once it is known whether another transaction has inserted the same. */
  #inserts: Noted | undefined

  constructor (tables: Tables, events: SessionEvents) {
    this.#tables = tables
    this.#events = events
  }

  get isInTransaction (): boolean {
    return this.#transaction !== undefined
  }

  /** Whether the statement under way waits for another transaction to end. */
  get isWaiting (): boolean {
    const { transactions } = this.#tables
    return this.#inserts !== undefined && [...transactions].some((other) => other !== this.#transaction && other.noted.some((noted) => isSame(noted, this.#inserts)))
  }

  /** Returns nothing if it waits: then it is to be run again. */
  run ({ text, values = [] }: PostgresQuery): Row[] | Error | undefined {
    if (text === COMMIT) this.#commit()
    else if (text === ROLLBACK) this.end()
    else if (text === BEGIN) this.#begin()
    else if (this.#transaction === undefined) throw new Error(`not in a transaction: ${text}`)
    else return this.#inTransaction(this.#transaction, text, values)
    return []
  }

  /** The server has refused the statement under way. */
  fail ({ text }: PostgresQuery): void {
    if (text === COMMIT || text === ROLLBACK || this.#transaction === undefined) this.end()
    else this.#abort(this.#transaction)
  }

  /** It is rolled back. */
  end (): void {
    if (this.#transaction !== undefined) this.#tables.transactions.delete(this.#transaction)
    this.#transaction = undefined
    this.#inserts = undefined
  }

  #begin (): void {
    this.#transaction = { hasFailed: false, locked: new Set(), noted: [], inserted: [] }
    this.#tables.transactions.add(this.#transaction)
  }

  #inTransaction (transaction: Transaction, text: string, values: readonly unknown[]): Row[] | Error | undefined {
    if (transaction.hasFailed) return Object.assign(new Error(ABORTED), { code: '25P02' })
    if (text === INSERT) {
      transaction.inserted.push(String(values[0]))
      return []
    }
    try {
      return this.#complete(transaction, values)
    } catch (error) {
      this.#abort(transaction)
      return errorOf(error)
    }
  }

  #complete (transaction: Transaction, values: readonly unknown[]): Row[] | undefined {
    if (this.#inserts === undefined) {
      const completion = completionIn(values)
      transaction.locked.add(completion.lane)
      this.#inserts = completionOf(this.#tables, completion)
      this.#events.completes?.(this.#inserts)
    }
    if (this.isWaiting) return undefined
    expectNew(this.#tables, this.#inserts)
    transaction.noted.push(this.#inserts)
    this.#inserts = undefined
    return [{ complete: 't' }]
  }

  #commit (): void {
    const transaction = this.#transaction
    this.end()
    if (transaction === undefined || transaction.hasFailed) return
    for (const noted of transaction.noted) commitCompletion(this.#tables, noted)
    this.#events.committed?.(transaction)
  }

  #abort (transaction: Transaction): void {
    this.#inserts = undefined
    transaction.hasFailed = true
    transaction.locked.clear()
    transaction.noted.length = 0
  }
}

function isSame (one: Noted, other: Noted | undefined): boolean {
  return one.id === other?.id && one.listener === other.listener
}
