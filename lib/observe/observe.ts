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
  const subscriptions = Object.entries(observers).map(([name, observer]) => {
    const channel = channels[name as keyof Observers] // it has their names
    const listener = (message: unknown) => {
      if ((message as ReceiveMessage).webhooks === webhooks) (observer as (message: unknown) => void)(message) // each channel has the messages of its observer
    }
    channel.subscribe(listener)
    return () => { channel.unsubscribe(listener) }
  })
  return () => { for (const end of subscriptions) end() }
}
