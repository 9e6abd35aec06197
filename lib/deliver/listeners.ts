import { randomUUID } from 'node:crypto'
import type { FastifyBaseLogger } from 'fastify'
import { errorOf, quietly } from '../errors/error-of.ts'
import type { Collector } from '../webhooks/collectors.ts'
import type { DeliveryError } from '../webhooks/delivery-error.ts'
import type { ListenerFunction } from '../webhooks/listener-function.ts'
import { Webhooks } from '../webhooks/webhooks.ts'

/** `EventEmitter` keeps listeners as bare functions; that they take what is emitted is what the types of `on` see to. */
function registered (webhooks: Webhooks, name: string): ListenerFunction[] {
  return webhooks.rawListeners(name) as ListenerFunction[]
}

/** Those of the event's own name, then those of `event`, who can expect it to be of its schema. */
export function listenersOf (webhooks: Webhooks, name: string): ListenerFunction[] {
  const own = registered(webhooks, name)
  return name === 'invalid' || webhooks.listenerCount('event') === 0 ? own : own.concat(registered(webhooks, 'event'))
}

/** Who wants events of this name. */
export function wanting (webhooks: Webhooks, name: string): { listeners: readonly ListenerFunction[], collectors: readonly Collector[] } {
  return { listeners: listenersOf(webhooks, name), collectors: Webhooks.collectorsOf(webhooks).of(name) }
}

/** What people are told: the function's name, or its position if it has none. Of several of one name, the second is `name 2`. */
export function namesOf (listeners: readonly ListenerFunction[]): string[] {
  const seen = new Map<string, number>()
  return listeners.map((listener, index) => {
    const name = nameOf(listener) || `listener ${index + 1}`
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    return count === 1 ? name : `${name} ${count}`
  })
}

/** `once` wraps its listener. */
type Wrapped = ListenerFunction & { listener?: () => unknown }

function nameOf (listener: Wrapped): string {
  const name: unknown = listener.listener?.name ?? listener.name
  return typeof name === 'string' && !name.startsWith('#') ? name : ''
}

/** Whether it was added by `once`: it is gone when it has been called. */
export function isOnce (listener: Wrapped): boolean {
  return listener.listener !== undefined
}

/**
 * What the inbox remembers a listener by. A name stays the same over restarts and in other processes. What has none, or shares it, is
 * known in this process only: another one must call it again rather than skip it.
 */
export class ListenerKeys {
  readonly #process = randomUUID()
  readonly #numbers = new WeakMap<ListenerFunction, number>()
  #last = 0

  of (listeners: readonly ListenerFunction[]): string[] {
    const names = listeners.map(nameOf)
    return listeners.map((listener, index) => {
      const name = String(names[index])
      const isOwn = name !== '' && names.indexOf(name) === names.lastIndexOf(name)
      return isOwn ? name : `#${this.#process} ${this.#numberOf(listener)}`
    })
  }

  /** Those of collectors: never the same as one of a listener of that name. */
  ofCollectors (collectors: readonly Collector[]): string[] {
    const keys = this.of(collectors.map(({ listener }) => listener))
    return keys.map((key) => ListenerKeys.isLasting(key) ? `collect:${key}` : `${key} collects`)
  }

  /** Whether it is one of those, also of another process. */
  static isOfCollector (key: string): boolean {
    return /^(?:collect:|#.* collects$)/.test(key)
  }

  /** Those of listeners of `invalid`: what they are through with may be of its schema by the next attempt, and then it is for others. */
  ofInvalid (listeners: readonly ListenerFunction[]): string[] {
    return this.of(listeners).map((key) => ListenerKeys.isLasting(key) ? `invalid:${key}` : `${key} invalid`)
  }

  /** Whether it is one of those. */
  static isOfInvalid (key: string): boolean {
    return /^(?:invalid:|#.* invalid$)/.test(key)
  }

  /** Whether it stands for the same listener in every process. */
  static isLasting (key: string): boolean {
    return !key.startsWith('#')
  }

  /** Whether it stands for the same listener here as where it was made. */
  isKnown (key: string): boolean {
    return ListenerKeys.isLasting(key) || key.startsWith(`#${this.#process} `)
  }

  #numberOf (listener: ListenerFunction): number {
    const number = this.#numbers.get(listener) ?? ++this.#last
    this.#numbers.set(listener, number)
    return number
  }
}

/** Tells everybody who listens for errors. Unlike `emit('error')` it never throws, and a rejection has an owner. */
export function report (webhooks: Webhooks, error: DeliveryError, log: FastifyBaseLogger): void {
  const failed = (thrown: unknown) => { quietly(() => { log.error({ err: errorOf(thrown) }, "a listener of 'error' failed itself") }) }
  for (const listener of webhooks.rawListeners('error')) {
    try {
      Promise.resolve(listener.call(webhooks, error)).catch(failed)
    } catch (thrown) {
      failed(thrown)
    }
  }
}

/** Whether anybody listens for events, or collects them: `EventEmitter` has names of its own, and errors are no events. */
export function hasListeners (webhooks: Webhooks): boolean {
  return Webhooks.collectorsOf(webhooks).areThere || webhooks.eventNames().some((name) => name !== 'newListener' && name !== 'removeListener' && name !== 'error')
}
