// Only SQLite: views and changes go with the next transaction. With PostgreSQL, each is a statement of its own (postgres/views.ts).
import type { Call, CallOf, Method, Results } from './messages.ts'

/** What somebody waits for, in one transaction. */
export interface Batch<Asked, Answer> {
  readonly work: Asked
  /** An answer for each of it. */
  readonly answer: (answers: readonly Answer[]) => void
  readonly reject: (error: unknown) => void
}

interface PendingCall {
  readonly call: Call
  readonly answer: (result: Results[Method]) => void
  readonly reject: (error: unknown) => void
}

/** What is asked of the store, from when it is asked until it is answered. */
export class Calls {
  readonly #waiting: PendingCall[] = []

  get isEmpty (): boolean {
    return this.#waiting.length === 0
  }

  /** `apply` is called with the result, in the order of the calls: before anything is claimed that the next ones may have removed. */
  async ask<Asked extends Method> (call: CallOf<Asked>, apply?: (result: Results[Asked]) => void): Promise<Results[Asked]> {
    return await new Promise((resolve, reject) => {
      const answer = (result: Results[Method]) => {
        const own = result as Results[Asked] // the store answers each call with its method's result
        apply?.(own)
        resolve(own)
      }
      this.#waiting.push({ call, answer, reject })
    })
  }

  /** All that wait, for one transaction. */
  next (): Batch<Call[], Results[Method]> {
    const batch = this.#waiting.splice(0)
    return {
      work: batch.map(({ call }) => call),
      answer: (results) => { batch.forEach(({ answer }, i) => { answer(results[i]) }) },
      reject: (error) => { for (const { reject } of batch) reject(error) }
    }
  }
}
