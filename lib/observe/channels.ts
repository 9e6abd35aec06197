import { channel } from 'node:diagnostics_channel'
import type { UnknownEvent } from '../events/schemas.ts'
import type { Webhooks } from '../webhooks/webhooks.ts'

/** What the plugin tells about itself, on channels of `node:diagnostics_channel`. Nothing is made of it while nobody has subscribed. */
export const channels = {
  /** A `ReceiveMessage`: a request was answered, or `receive` has settled. */
  receive: channel('fastify-oneroute-webhooks:receive'),
  /** A `SignatureMessage`: a request's signature was checked. */
  signature: channel('fastify-oneroute-webhooks:signature'),
  /** A `DeliveryMessage`, before the listeners of an event are called. */
  deliveryStart: channel('fastify-oneroute-webhooks:delivery:start'),
  /** The same object, when they have ended. */
  deliveryEnd: channel('fastify-oneroute-webhooks:delivery:end')
} as const

/** `invalid`: not of its schema, and kept so, handled so or refused. `refused`: any other 4xx, or whatever below 500 the app's own hooks have answered. `failed`: a 5xx. */
export type ReceiveOutcome = 'accepted' | 'duplicate' | 'invalid' | 'refused' | 'failed'

export interface ReceiveMessage {
  /** The `app.webhooks` that it is about. */
  readonly webhooks: Webhooks
  /** SHA-256 of the body, base64url, unless the `key` option says otherwise; null if it was refused before it was known to be an event. */
  readonly id: string | null
  /** A name that has a schema, or `unknown`. */
  readonly name: string
  readonly outcome: ReceiveOutcome
  /** The error code of what was not accepted; null if a hook of the app has answered without an error. */
  readonly code: string | null
  /** Until the answer, in milliseconds. */
  readonly duration: number
}

/** `reserialised`: valid over the JSON as `JSON.stringify` writes it, which is what OneRoute's own sample signs. */
export type SignatureOutcome = 'valid' | 'reserialised' | 'missing' | 'malformed' | 'wrong'

export interface SignatureMessage {
  readonly webhooks: Webhooks
  readonly outcome: SignatureOutcome
  /** Which of the `secret` option matched, from 0. */
  readonly key: number | null
}

/** `ignored`: no listener wanted it. `abandoned`: closing no longer waited for its listeners. `collected`: its listeners are through, and it waits for its collectors. */
export type DeliveryOutcome = 'done' | 'collected' | 'ignored' | 'retry' | 'dead' | 'abandoned'

export interface DeliveryMessage {
  readonly webhooks: Webhooks
  readonly id: string
  /** Of a burst, those of all its events: all else is that of the first. Otherwise `id` alone. */
  readonly ids: readonly string[]
  /** A name that has a schema, `unknown`, or `invalid`. Of a burst, what its collector collects. */
  readonly name: string
  readonly event: UnknownEvent
  /** From 1. */
  readonly attempt: number
  readonly receivedAt: Date
  /** null at the start, as are the others. */
  outcome: DeliveryOutcome | null
  retryAt: Date | null
  /** Whether the event has failed for longer than `retry.blockFor`, and leaves its lane. */
  aside: boolean
  /** In milliseconds. */
  duration: number
  /** Those that were called and have ended. */
  listeners: readonly ListenerRun[]
}

export interface ListenerRun {
  readonly name: string
  /** In milliseconds. */
  readonly duration: number
  /** What it threw, or an error that says so; null if it succeeded. */
  readonly error: Error | null
}

/** Whether anybody wants to know of deliveries. */
export function areDeliveriesObserved (): boolean {
  return channels.deliveryStart.hasSubscribers || channels.deliveryEnd.hasSubscribers
}
