import type { Deliverer } from './listener-runner.ts'
import type { Delivery } from './dispatcher.ts'
import type { InboxView } from '../inbox/view.ts'
import type { Webhooks } from '../webhooks/webhooks.ts'

export interface Parts {
  readonly inbox: InboxView
  readonly deliverer: Deliverer
  readonly delivery: Delivery
}

/** What delivers the events of each `app.webhooks`: for `/testing`, which has no other way to it. */
export const deliverers = new WeakMap<Webhooks, Parts>()
