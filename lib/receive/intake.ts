import type { FastifyBaseLogger } from 'fastify'
import {
  BacklogFullError, EmptyBodyError, InboxUnavailableError, InvalidEventError, InvalidJsonError, isCoded, NoEventNameError
} from '../errors/errors.ts'
import type { Arrival } from '../events/arrival.ts'
import type { EventCatalogue } from '../events/catalogue.ts'
import type { UnknownEvent } from '../events/schemas.ts'
import type { Awaitable, Inbox, NewEvent } from '../inbox/inbox.ts'
import { areDeliveriesObserved } from '../observe/channels.ts'
import type { ReceiveReporter } from '../observe/receive-reporter.ts'
import type { RequestContexts } from '../observe/request-contexts.ts'
import { isObject } from '../options/check.ts'
import type { CollectedAtOnce } from '../webhooks/collectors.ts'
import type { ReceivableBody, Receipt } from '../webhooks/webhooks.ts'
import type { Identify } from './identify.ts'
import type { ParseJson } from './json-parser.ts'

interface Parts {
  readonly inbox: Inbox
  readonly catalogue: EventCatalogue
  readonly parseJson: ParseJson
  readonly identify: Identify
  /** Whether what is not of its schema is delivered so: here, or perhaps elsewhere. */
  readonly deliversInvalid: () => boolean
  /** Asked of each event of its schema: undefined if somebody is to have it before collectors have. Not given: nothing is delivered here. */
  readonly collectAtOnce?: ((event: UnknownEvent, lane: string, id: string) => CollectedAtOnce | undefined) | undefined
  readonly log: FastifyBaseLogger
  readonly reporter: ReceiveReporter
  readonly contexts: RequestContexts
}

// The byte order mark is left to the parser, which takes one and no more.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The way in that all events go: bytes → JSON → schema → inbox. */
export class Intake {
  readonly #parts: Parts

  constructor (parts: Parts) {
    this.#parts = parts
  }

  parse (bytes: Uint8Array): UnknownEvent {
    if (bytes.length === 0) throw new EmptyBodyError()
    const value = this.#json(bytes)
    if (!isEvent(value)) throw new NoEventNameError()
    return value
  }

  #json (bytes: Uint8Array): unknown {
    try {
      return this.#parts.parseJson(utf8.decode(bytes))
    } catch {
      throw new InvalidJsonError()
    }
  }

  /** Gives an event to the inbox; one that is not of its schema, too, if anything can become of it there. */
  take (arrival: Arrival, log = this.#parts.log): Awaitable<Receipt> {
    const { catalogue, identify, inbox, deliversInvalid, collectAtOnce } = this.#parts
    const { bytes, event } = arrival
    const problems = catalogue.fits(event) ? null : catalogue.problems(event)
    const { id, lane } = identify(bytes, event, problems === null)
    arrival.id = id
    const state = problems === null || deliversInvalid() ? 'pending' : 'invalid'
    if (state === 'invalid' && !inbox.durable) throw invalid(problems)
    const collected = problems === null ? collectAtOnce?.(event, lane, id) : undefined
    const newEvent: NewEvent = { id, name: event.event, lane, state, body: bytes, event, receivedAt: Date.now(), problems, collectAfter: collected?.wait }
    const status = this.#addAs(newEvent, collected)
    return typeof status === 'string' ? receiptOf(status, newEvent, log) : status.then((status) => receiptOf(status, newEvent, log), (error: unknown) => rethrow(error, newEvent))
  }

  async receive (body: ReceivableBody): Promise<Receipt> {
    const { reporter } = this.#parts
    const bytes = toBytes(body)
    const start = performance.now()
    let arrival: Arrival | undefined
    try {
      const event = this.parse(bytes)
      arrival = { bytes, event }
      const receipt = await this.take(arrival)
      reporter.accepted(receipt, event, performance.now() - start)
      return receipt
    } catch (error) {
      if (isCoded(error)) reporter.refused(error, arrival, performance.now() - start)
      throw error
    }
  }

  #addAs (event: NewEvent, collected: CollectedAtOnce | undefined): Awaitable<'accepted' | 'duplicate'> {
    if (collected !== undefined) return this.#addCollected(event, collected)
    return areDeliveriesObserved() ? this.#addFrom(event) : this.#add(event)
  }

  /** No delivery of its own is a part of its request: those of bursts are parts of none. */
  async #addCollected (event: NewEvent, { takeBack }: CollectedAtOnce): Promise<'accepted' | 'duplicate'> {
    let status: 'accepted' | 'duplicate' | undefined
    try {
      status = await this.#add(event)
      return status
    } finally {
      if (status !== 'accepted') takeBack()
    }
  }

  /** Before it is added, for then it may be delivered at once. */
  async #addFrom (event: NewEvent): Promise<'accepted' | 'duplicate'> {
    const { contexts } = this.#parts
    const isNew = contexts.note(event.id)
    let status: 'accepted' | 'duplicate' | undefined
    try {
      status = await this.#add(event)
      return status
    } finally {
      if (isNew && status !== 'accepted') contexts.forget(event.id)
    }
  }

  #add (event: NewEvent): 'accepted' | 'duplicate' | Promise<'accepted' | 'duplicate'> {
    try {
      const status = this.#parts.inbox.add(event)
      // Not `instanceof Promise`: a driver's promise may be of its own making, and must never pass for an answer.
      return typeof status === 'string' ? status : Promise.resolve(status)
    } catch (error) {
      return rethrow(error, event)
    }
  }
}

function isEvent (value: unknown): value is UnknownEvent {
  return isObject(value) && typeof value.event === 'string' && value.event !== ''
}

function toBytes (body: ReceivableBody): Uint8Array {
  if (body instanceof Uint8Array) return Buffer.from(body) // the caller may use its own again before it is stored
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

function receiptOf (status: 'accepted' | 'duplicate', { id, problems }: NewEvent, log: FastifyBaseLogger): Receipt {
  if (problems === null || status === 'duplicate') return { status, id }
  log.warn({ webhook: id, problems }, 'a webhook is not of its schema')
  return { status: 'invalid', id, problems }
}

/** What a driver throws that is not one of our errors is a fault of the store, whatever it says. */
function rethrow (error: unknown, { state, problems }: NewEvent): never {
  // There are too many already that nobody has looked at: it is refused, as without an inbox that could keep it.
  if (state === 'invalid' && error instanceof BacklogFullError) throw invalid(problems)
  if (isCoded(error)) throw error
  const unavailable = new InboxUnavailableError()
  unavailable.cause = error
  throw unavailable
}

function invalid (problems: NewEvent['problems']): Error {
  return new InvalidEventError(String(problems?.join('; ')))
}
