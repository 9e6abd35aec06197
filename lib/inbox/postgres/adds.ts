import type { FastifyBaseLogger } from 'fastify'
import { BacklogFullError, ClosingError } from '../../errors/errors.ts'
import type { NewEvent } from '../inbox.ts'
import { problemLines } from '../sql/rows.ts'
import { wellFormed } from '../sql/well-formed.ts'
import { unavailable } from '../unavailable.ts'
import type { Database } from './database.ts'
import { isStuck } from './error-kind.ts'
import { keyOf, quoted } from './identifiers.ts'
import { idBytes } from './ids.ts'
import { bigints, Statement } from './query.ts'
import type { Row } from './query.ts'
import { delayUntil } from './settlement.ts'
import { State } from './sql/states.ts'
import { tellOfStored, UnconfirmedAdds } from './unconfirmed-adds.ts'

/** Events in one statement at most, and bytes of their bodies. */
const MOST = { events: 512, bytes: 8_388_608 } as const
/** Bytes of bodies that may wait for a server that is slow or away. */
const MOST_WAITING = 67_108_864

interface Parts {
  readonly database: Database
  readonly schema: string
  readonly log: FastifyBaseLogger
  readonly maxBacklog: number
  /** Events may have been stored that can be delivered. */
  readonly onAdded: () => void
  /** Some were refused, as there are too many. */
  readonly onFull: () => void
}

interface PendingAdd {
  readonly event: NewEvent
  readonly resolve: (status: 'accepted' | 'duplicate') => void
  readonly reject: (error: unknown) => void
}

/** Stores new events: one statement is under way at a time, and all that come in meanwhile are the next one. */
export class Adds {
  readonly #parts: Parts
  readonly #statement: Statement
  readonly #unconfirmed: UnconfirmedAdds
  #waiting: PendingAdd[] = []
  #bytes = 0
  /** The statement under way. It never rejects. */
  #flight: Promise<void> | undefined
  #soon: NodeJS.Immediate | undefined
  /** The event added last. */
  #last: Promise<unknown> | undefined

  constructor (parts: Parts) {
    this.#parts = parts
    this.#unconfirmed = new UnconfirmedAdds(parts)
    this.#statement = new Statement(`SELECT * FROM ${quoted(parts.schema)}.add_events($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`)
  }

  /** Not an async function: its promise would be a second one for each event. */
  add (event: NewEvent): Promise<'accepted' | 'duplicate'> {
    if (this.#bytes + event.body.length > MOST_WAITING) throw new BacklogFullError()
    this.#bytes += event.body.length
    // Once everything has had its turn that came in together.
    if (this.#flight === undefined) this.#soon ??= setImmediate(() => { this.#begin() })
    const added = new Promise<'accepted' | 'duplicate'>((resolve, reject) => { this.#waiting.push({ event, resolve, reject }) })
    this.#last = added
    return added
  }

  /** Settles when all that was added before is stored, or is not. */
  async flushed (): Promise<void> {
    await Promise.allSettled([this.#last])
  }

  /** What is under way ends, and what has not begun never will. */
  async close (): Promise<void> {
    clearImmediate(this.#soon)
    const waiting = this.#next(this.#waiting.length)
    for (const { reject } of waiting) reject(new ClosingError())
    await this.#flight
    await this.#unconfirmed.close()
  }

  #begin (): void {
    this.#soon = undefined
    if (this.#waiting.length === 0) return
    const batch = this.#next(this.#batchSize())
    this.#flight = this.#store(batch).finally(() => {
      this.#flight = undefined
      this.#begin()
    })
  }

  #batchSize (): number {
    let bytes = 0
    const invalid = new Set<string>()
    const end = this.#waiting.findIndex(({ event: { id, state, body, problems } }, i) => {
      // What is invalid gives way to what is stored after it, and in one statement nothing is.
      if (i === MOST.events || (bytes += body.length) > MOST.bytes || (problems === null && invalid.has(id))) return true
      if (state === 'invalid') invalid.add(id)
      return false
    })
    return end === -1 ? this.#waiting.length : Math.max(end, 1)
  }

  #next (count: number): PendingAdd[] {
    const next = this.#waiting.splice(0, count)
    for (const { event } of next) this.#bytes -= event.body.length
    return next
  }

  async #store (batch: readonly PendingAdd[]): Promise<void> {
    const { database, maxBacklog } = this.#parts
    const events = batch.map(({ event }) => event)
    const values = [...columnsOf(events), maxBacklog, delaysOf(events)]
    const onLate = ([row]: Row[]) => { if (row !== undefined) this.#storedLate(batch, row) }
    const lost = Promise.withResolvers<undefined>()
    const onLost = () => { lost.resolve(undefined) }
    try {
      this.#answer(batch, await database.one(this.#statement, values, { onLate, onLost }))
    } catch (cause) {
      // Maybe later: a statement that was given up can be lost, too.
      void lost.promise.then(() => { this.#unconfirmed.remember(batch.map(({ event }) => event.id)) })
      this.#refuse(batch, cause)
    }
  }

  /** Those who wait behind it have waited long enough, if they would only wait for the same in vain. */
  #refuse (batch: readonly PendingAdd[], cause: unknown): void {
    const error = unavailable(cause)
    const refused = isStuck(cause) ? [...batch, ...this.#next(this.#waiting.length)] : batch
    for (const { reject } of refused) reject(error)
  }

  #storedLate (batch: readonly PendingAdd[], { seqs, added }: Row): void {
    const stored = new Set(bigints(added))
    const numbers = bigints(seqs)
    tellOfStored(batch.filter((_, i) => stored.has(String(numbers[i]))).map(({ event }) => event.id), this.#parts)
  }

  #answer (batch: readonly PendingAdd[], row: Row): void {
    this.#unconfirmed.forget(batch.map(({ event }) => event.id))
    const added = new Set(bigints(row.added))
    const kinds = bigints(row.kinds)
    bigints(row.seqs).forEach((seq, i) => {
      if (kinds[i] === 'NULL') batch[i]?.reject(new BacklogFullError())
      else batch[i]?.resolve(added.has(seq) ? 'accepted' : 'duplicate')
    })
    if (kinds.includes('NULL')) this.#parts.onFull()
    this.#parts.onAdded() // also if all are known: a first attempt, whose connection was cut, may have stored them
  }
}

/** As the function takes them. The bodies are one value: it is sent as it is, where a list of texts would have to be quoted. */
function columnsOf (events: readonly NewEvent[]): unknown[] {
  let end = 0
  const starts = events.map(({ body }) => (end += body.length) - body.length)
  return [
    events.map(({ id }) => idBytes(id)),
    events.map(({ name }) => wellFormed(name)),
    events.map(({ lane }) => keyOf(lane)),
    events.map(({ state }) => State[state]),
    events.map(({ receivedAt }) => receivedAt),
    events.map(({ problems }) => problemLines(problems)),
    starts,
    events.map(({ body }) => body.length),
    Buffer.concat(events.map(({ body }) => body), end)
  ]
}

/** For how long each waits for collectors at once, if any does. A time that is to come, by this clock, is taken for now. */
function delaysOf (events: readonly NewEvent[]): Array<number | null> | null {
  if (events.every(({ collectAfter }) => collectAfter === undefined)) return null
  const now = Date.now()
  return events.map(({ collectAfter, receivedAt }) => collectAfter === undefined ? null : delayUntil(Math.min(receivedAt, now) + collectAfter))
}
