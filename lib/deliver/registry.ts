import type { Webhooks } from '../webhooks/webhooks.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { ListenerRunner } from './listener-runner.ts'

export interface Parts {
  readonly runner: ListenerRunner
  readonly dispatcher: Dispatcher
}

/** What delivers the events of each `app.webhooks`: for `/testing`, which has no other way to it. */
export const registry = new WeakMap<Webhooks, Parts>()
