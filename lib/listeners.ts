import type { FastifyBaseLogger } from 'fastify'
import type { DeliveryError } from './delivery-error.ts'
import type { ListenerFunction, Webhooks } from './webhooks.ts'

/** `EventEmitter` keeps listeners as bare functions; that they take what is emitted is what the types of `on` see to. */
function registered (webhooks: Webhooks, name: string): ListenerFunction[] {
  return webhooks.rawListeners(name) as ListenerFunction[]
}

/** Those of the event's own name, then those of `event`, who can expect it to be of its schema. */
export function listenersOf (webhooks: Webhooks, name: string): ListenerFunction[] {
  const own = registered(webhooks, name)
  return name === 'invalid' || webhooks.listenerCount('event') === 0 ? own : own.concat(registered(webhooks, 'event'))
}

/** A name for each that stays the same over restarts: the function's, or its position if it has none. */
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
function nameOf (listener: ListenerFunction & { listener?: () => unknown }): string {
  return listener.listener?.name ?? listener.name
}

/** Tells everybody who listens for errors. Unlike `emit('error')` it never throws, and a rejection has an owner. */
export function report (webhooks: Webhooks, error: DeliveryError, log: FastifyBaseLogger): void {
  const failed = (err: unknown) => { log.error({ err }, "a listener of 'error' failed itself") }
  for (const listener of webhooks.rawListeners('error')) {
    try {
      Promise.resolve(listener.call(webhooks, error)).catch(failed)
    } catch (err) {
      failed(err)
    }
  }
}

/** Whether anybody listens for events: `EventEmitter` has names of its own, and errors are no events. */
export function hasListeners (webhooks: Webhooks): boolean {
  return webhooks.eventNames().some((name) => name !== 'newListener' && name !== 'removeListener' && name !== 'error')
}
