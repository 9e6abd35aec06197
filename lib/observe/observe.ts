import type { Channel } from 'node:diagnostics_channel'
import { isObject } from '../options/check.ts'
import type { Webhooks } from '../webhooks/webhooks.ts'
import { channels } from './channels.ts'
import type { DeliveryMessage, ReceiveMessage, SignatureMessage } from './channels.ts'

export interface Observers {
  readonly receive?: (message: ReceiveMessage) => void
  readonly signature?: (message: SignatureMessage) => void
  readonly deliveryStart?: (message: DeliveryMessage) => void
  readonly deliveryEnd?: (message: DeliveryMessage) => void
}

/** Follows what one instance of the plugin tells about itself: others in the process use the same channels. Returns a function that ends it. */
export function observe (webhooks: Webhooks, observers: Observers): () => void {
  const { receive, signature, deliveryStart, deliveryEnd } = observers
  const subscriptions = [
    subscribe(webhooks, channels.receive, receive), subscribe(webhooks, channels.signature, signature),
    subscribe(webhooks, channels.deliveryStart, deliveryStart), subscribe(webhooks, channels.deliveryEnd, deliveryEnd)
  ]
  return () => { for (const end of subscriptions) end() }
}

function subscribe (webhooks: Webhooks, channel: Channel, observer: ((message: never) => void) | undefined): () => void {
  if (observer === undefined) return nothing
  const listener = (message: unknown) => {
    if (isObject(message) && message.webhooks === webhooks) observer(message as never) // a channel has the messages of its observer
  }
  channel.subscribe(listener)
  return () => { channel.unsubscribe(listener) }
}

function nothing (): void {}
