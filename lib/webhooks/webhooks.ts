import { EventEmitter } from 'node:events'
import { CollectError, UnknownNameError } from '../errors/errors.ts'
import { nearestName } from '../events/nearest-name.ts'
import { OTHER_NAMES } from '../events/own-events.ts'
import type { UnknownEvent, WebhookEvents } from '../events/schemas.ts'
import type { InboxView } from '../inbox/view.ts'
import { collectorOf, Collectors } from './collectors.ts'
import type { CollectContext, CollectOptions } from './collectors.ts'
import type { WebhookContext } from './context.ts'
import type { DeliveryError } from './delivery-error.ts'

/** What a listener of each name gets first. */
export interface ListenerEvents extends WebhookEvents {
  /** Events whose name has no schema. */
  unknown: UnknownEvent
  /** Events whose name has a schema that they are not of: `context.problems` says where. */
  invalid: UnknownEvent
  /** Every event, but for those that are `invalid`. */
  event: WebhookEvents[keyof WebhookEvents] | UnknownEvent
}

export type WebhookListener<Name extends keyof ListenerEvents> =
  (event: ListenerEvents[Name], context: WebhookContext) => unknown

/** What a collector can collect: all but what is `invalid`. */
export type CollectedName = Exclude<keyof ListenerEvents, 'invalid'>

/** Gets a burst of events of one conversation, in their order: one at least. */
export type CollectListener<Name extends CollectedName> =
  (events: readonly [ListenerEvents[Name], ...ListenerEvents[Name][]], context: CollectContext) => unknown

export type ErrorListener = (error: DeliveryError) => unknown

/** What became of an event on its way in. `invalid`: it is not of its schema, and was kept or handled so. */
export type Receipt =
  | { status: 'accepted' | 'duplicate', id: string }
  | { status: 'invalid', id: string, problems: readonly string[] }

/** Bytes or text as they came in, or an event, which is then its JSON. */
export type ReceivableBody = Uint8Array | string | object

/** `EventEmitter`'s, for the names there are: methods, for a property would not be assignable to an `EventEmitter`'s. */
interface Subscriptions {
  on<Name extends keyof ListenerEvents> (name: Name, listener: WebhookListener<Name>): this
  on (name: 'error', listener: ErrorListener): this
  once<Name extends keyof ListenerEvents> (name: Name, listener: WebhookListener<Name>): this
  once (name: 'error', listener: ErrorListener): this
  off<Name extends keyof ListenerEvents> (name: Name, listener: WebhookListener<Name>): this
  off (name: 'error', listener: ErrorListener): this
  addListener<Name extends keyof ListenerEvents> (name: Name, listener: WebhookListener<Name>): this
  addListener (name: 'error', listener: ErrorListener): this
  removeListener<Name extends keyof ListenerEvents> (name: Name, listener: WebhookListener<Name>): this
  removeListener (name: 'error', listener: ErrorListener): this
  prependListener<Name extends keyof ListenerEvents> (name: Name, listener: WebhookListener<Name>): this
  prependListener (name: 'error', listener: ErrorListener): this
  prependOnceListener<Name extends keyof ListenerEvents> (name: Name, listener: WebhookListener<Name>): this
  prependOnceListener (name: 'error', listener: ErrorListener): this
  removeAllListeners (name?: string | symbol): this
}

type WebhookEmitter = Subscriptions & Omit<EventEmitter, keyof Subscriptions>

/** The same class at run time: only its names are known here. */
const WebhookEmitter = EventEmitter as unknown as new () => WebhookEmitter

interface Parts {
  readonly receive: (body: ReceivableBody) => Promise<Receipt>
  readonly inbox: InboxView
  /** Of the events that have a schema. */
  readonly names: readonly string[]
  /** Whether the inbox keeps what waits for collectors. @default false */
  readonly collects?: boolean | undefined
  /** Called after a listener was added. */
  readonly onSubscribe: () => void
}

/** `app.webhooks`: the events of OneRoute, and the inbox that they come through. */
export class Webhooks extends WebhookEmitter {
  readonly inbox: InboxView
  /** Of the events that have a schema. */
  readonly names: readonly string[]
  readonly #receive: Parts['receive']
  readonly #collects: boolean
  readonly #collectors = new Collectors()
  readonly #onSubscribe: () => void
  readonly #onNewListener: (name: string | symbol) => void

  constructor ({ receive, inbox, names, collects = false, onSubscribe }: Parts) {
    super()
    this.inbox = inbox
    this.names = names
    this.#receive = receive
    this.#collects = collects
    this.#onSubscribe = onSubscribe
    const known = new Set<string | symbol>([...names, ...OTHER_NAMES])
    // Called before the listener is added, which a throw prevents.
    this.#onNewListener = (name) => {
      if (!known.has(name)) throw unknownName(name, 'ever comes', [...names, ...OTHER_NAMES])
      queueMicrotask(onSubscribe)
    }
    this.#watch()
  }

  #watch (): void {
    EventEmitter.prototype.on.call(this, 'newListener', this.#onNewListener)
  }

  override removeAllListeners (name?: string | symbol): this {
    // With no name means all of them; `undefined` would be taken for a name.
    if (name === undefined) super.removeAllListeners()
    else super.removeAllListeners(name)
    if (!this.rawListeners('newListener').includes(this.#onNewListener)) this.#watch()
    return this
  }

  /**
   * Has bursts of events of one conversation handed over as one: those that come in within `quiet` of the one before, at most `most` of them, and
   * none later than `within` after the first. All other listeners have had them before. What waits is in the inbox: with a durable one, it
   * survives a restart, and succeeds, fails, and is tried again as one. Returns what removes the collector: events that wait for
   * it are done then, unless others collect them.
   */
  collect<Name extends CollectedName> (name: Name, options: CollectOptions, listener: CollectListener<Name>): () => void {
    if (!this.#collects) throw new CollectError()
    const names = [...this.names, 'unknown', 'event']
    if (!names.includes(name)) throw unknownName(name, 'is ever collected', names)
    const remove = this.#collectors.add(collectorOf(name, options, listener))
    queueMicrotask(this.#onSubscribe)
    return remove
  }

  /** For the one who delivers: in a method it would be the app's to change. */
  static collectorsOf (webhooks: Webhooks): Collectors {
    return webhooks.#collectors
  }

  /**
   * Takes an event in without HTTP and signature, for tests and bridges; otherwise it goes the same way. Settles when a
   * request would be answered 200, and rejects with what it would be refused with.
   */
  async receive (body: ReceivableBody): Promise<Receipt> {
    return await this.#receive(body)
  }
}

function unknownName (typed: string | symbol, becomes: 'ever comes' | 'is ever collected', names: readonly string[]): Error {
  const nearest = nearestName(String(typed), names)
  return new UnknownNameError(String(typed), becomes, names.join(', '), nearest === undefined ? '' : ` Did you mean '${nearest}'?`)
}
