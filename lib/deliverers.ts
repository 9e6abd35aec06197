import type { Deliverer } from './deliverer.ts'
import type { Delivery } from './delivery.ts'
import type { InboxView } from './inbox/view.ts'
import type { Webhooks } from './webhooks.ts'

export interface Parts {
  readonly inbox: InboxView
  readonly deliverer: Deliverer
  readonly delivery: Delivery
}

/** What delivers the events of each `app.webhooks`: for `/testing`, which has no other way to it. */
export const deliverers = new WeakMap<Webhooks, Parts>()
