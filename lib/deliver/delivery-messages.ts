import type { ClaimedEvent, Outcome } from '../inbox/inbox.ts'
import { channels } from '../observe/channels.ts'
import type { DeliveryMessage } from '../observe/channels.ts'
import type { Webhooks } from '../webhooks/webhooks.ts'
import { runsOf } from './attempt.ts'
import type { Attempt } from './attempt.ts'
import type { ListenerEnd } from './listener-end.ts'

const NONE: readonly never[] = []

export function newMessage (webhooks: Webhooks, name: string, { id, event, attempt, receivedAt }: ClaimedEvent, ids: readonly string[] = [id]): DeliveryMessage {
  return { webhooks, id, ids, name, event, attempt, receivedAt: new Date(receivedAt), outcome: null, retryAt: null, aside: false, duration: 0, listeners: NONE }
}

/** Tells those who want to know how an attempt has ended; with no outcome, it was abandoned. */
export function tell (attempt: Attempt, outcome: Outcome | undefined, ends: readonly ListenerEnd[]): void {
  const { message, start, listeners } = attempt
  if (message === undefined) return
  message.outcome = outcome === undefined ? 'abandoned' : outcomeOf(outcome, listeners.length)
  message.retryAt = outcome?.dueAt == null ? null : new Date(outcome.dueAt)
  message.aside = outcome?.aside === true && attempt.event.isAside !== true
  message.duration = performance.now() - start
  message.listeners = runsOf(attempt, ends)
  channels.deliveryEnd.publish(message)
}

function outcomeOf ({ state, collects = false }: Outcome, listeners: number): NonNullable<DeliveryMessage['outcome']> {
  if (collects) return 'collected'
  if (listeners === 0 || state === 'invalid') return 'ignored'
  return state === 'pending' ? 'retry' : state
}
