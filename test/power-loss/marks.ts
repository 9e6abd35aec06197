import type { EventState } from '../../lib/inbox/inbox.ts'

/** An event as it was posted. */
export interface Posted {
  readonly id: string
  readonly lane: string
  readonly body: string
}

/**
 * What a process notes while it uses its inbox: before it asks for something, and when that is answered. What was asked for and not
 * answered may have happened, or not.
 */
export type Mark =
  | { readonly what: 'add', readonly events: readonly Posted[] }
  | { readonly what: 'accepted', readonly id: string }
  | { readonly what: 'settle' | 'settled', readonly id: string, readonly state: EventState }
  | { readonly what: 'replay' | 'replayed' | 'remove' | 'removed', readonly ids: readonly string[] }
  | { readonly what: 'forget' | 'forgotten', readonly lane: string }
