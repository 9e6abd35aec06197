import { hash } from 'node:crypto'
import { areDeliveriesObserved } from './channels.ts'
import type { EventCatalogue } from './catalogue.ts'
import { isObject } from './check.ts'
import {
  EmptyBodyError, InboxUnavailableError, InvalidEventError, InvalidJsonError, isCoded, LaneError, NoEventNameError
} from './errors.ts'
import type { CodedError } from './errors.ts'
import type { UnknownEvent } from './events.ts'
import type { Awaitable, Inbox, NewEvent } from './inbox/inbox.ts'
import type { Origins } from './origins.ts'
import type { Arrival, Receptions } from './receptions.ts'
import type { ReceivableBody, Receipt } from './webhooks.ts'

export type ParseJson = (text: string) => unknown

interface Parts {
  readonly inbox: Inbox
  readonly catalogue: EventCatalogue
  readonly parseJson: ParseJson
  readonly lane: ((event: UnknownEvent) => string | undefined) | undefined
  readonly receptions: Receptions
  readonly origins: Origins
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

  fits (event: UnknownEvent): boolean {
    return this.#parts.catalogue.fits(event)
  }

  /** Gives an event of its schema to the inbox. */
  accept (bytes: Uint8Array, event: UnknownEvent): Awaitable<Receipt> {
    const id = idOf(bytes)
    const lane = this.#lane(event) ?? id
    const receivedAt = Date.now()
    const arriving: NewEvent = { id, name: event.event, lane, state: 'pending', body: bytes, event, receivedAt, error: null }
    const status = areDeliveriesObserved() ? this.#addFrom(arriving) : this.#add(arriving)
    return typeof status === 'string' ? { status, id } : status.then((status) => ({ status, id }), rethrowCoded)
  }

  /** Refuses an event that is not of its schema; if `keep`, a durable inbox has it to be looked at, mended and replayed. */
  async refuse (bytes: Uint8Array, event: UnknownEvent, keep: boolean): Promise<never> {
    const error = this.#parts.catalogue.problems(event)
    if (keep && this.#parts.inbox.durable) {
      const id = idOf(bytes)
      const invalid: NewEvent = { id, name: event.event, lane: id, state: 'invalid', body: bytes, event, receivedAt: Date.now(), error }
      await Promise.resolve(this.#add(invalid)).catch(rethrowCoded)
    }
    throw new InvalidEventError(error)
  }

  async receive (body: ReceivableBody): Promise<Receipt> {
    const { receptions } = this.#parts
    const bytes = toBytes(body)
    const start = performance.now()
    let arrival: Arrival | undefined
    try {
      const event = this.parse(bytes)
      arrival = { bytes, event }
      const receipt = await this.#take(arrival)
      receptions.accepted(receipt, event, performance.now() - start)
      return receipt
    } catch (error) {
      receptions.refused(error as CodedError, arrival, performance.now() - start) // nothing else is thrown there
      throw error
    }
  }

  #take ({ bytes, event }: Arrival): Awaitable<Receipt> {
    return this.fits(event) ? this.accept(bytes, event) : this.refuse(bytes, event, true)
  }

  /** Before it is added, for then it may be delivered at once. */
  async #addFrom (event: NewEvent): Promise<'accepted' | 'duplicate'> {
    const { origins } = this.#parts
    const isNew = origins.note(event.id)
    let status: 'accepted' | 'duplicate' | undefined
    try {
      status = await this.#add(event)
      return status
    } finally {
      if (isNew && status !== 'accepted') origins.forget(event.id)
    }
  }

  #lane (event: UnknownEvent): string | undefined {
    if (this.#parts.lane === undefined) return conversationOf(event)
    let lane: unknown
    try {
      lane = this.#parts.lane(event)
    } catch (cause) {
      throw withCause(new LaneError(), cause)
    }
    if (lane !== undefined && typeof lane !== 'string') throw new LaneError()
    return lane
  }

  #add (event: NewEvent): 'accepted' | 'duplicate' | Promise<'accepted' | 'duplicate'> {
    try {
      const status = this.#parts.inbox.add(event)
      // Not `instanceof Promise`: a driver's promise may be of its own making, and must never pass for an answer.
      return typeof status === 'string' ? status : Promise.resolve(status)
    } catch (error) {
      return rethrowCoded(error)
    }
  }
}

function isEvent (value: unknown): value is UnknownEvent {
  return isObject(value) && typeof value.event === 'string'
}

/** SHA-256 of a body, base64url. */
export function idOf (bytes: Uint8Array): string {
  return hash('sha256', bytes, 'base64url')
}

/** What belongs together, unless the `lane` option says otherwise. */
export function conversationOf ({ conversation }: UnknownEvent): string | undefined {
  return isObject(conversation) && typeof conversation.id === 'string' ? conversation.id : undefined
}

function toBytes (body: ReceivableBody): Uint8Array {
  if (body instanceof Uint8Array) return Buffer.from(body) // the caller may use its own again before it is stored
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

/** What a driver throws that is not one of our errors is a fault of the store, whatever it says. */
function rethrowCoded (error: unknown): never {
  if (isCoded(error)) throw error
  throw withCause(new InboxUnavailableError(), error)
}

function withCause (error: Error, cause: unknown): Error {
  error.cause = cause
  return error
}
