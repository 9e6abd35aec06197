import { check, integer } from '../check.ts'
import { InvalidOptionError } from '../errors.ts'
import type { EventState, Inbox, InboxStats, ListOptions, StoredEvent } from './inbox.ts'

/** The inbox, to look at and to replay from. */
export interface InboxView {
  stats (): Promise<InboxStats>
  /** Newest first. */
  list (options?: ListOptions): Promise<StoredEvent[]>
  get (id: string): Promise<StoredEvent | undefined>
  /** Puts dead, done and invalid events back; resolves to how many. */
  replay (ids: readonly string[]): Promise<number>
}

const STATES: readonly EventState[] = ['pending', 'done', 'dead', 'invalid']
const LIST_RULES = {
  state: { fits: (value: unknown) => STATES.some((state) => state === value), must: `be one of ${STATES.join(', ')}` },
  limit: integer(1, 1_000),
  before: integer(0)
}

/** What the app may do with its inbox: not what only delivery may, and a promise whatever the driver returns. */
export function viewOf (inbox: Inbox): InboxView {
  // JavaScript callers may pass anything, such as a part of a request that is not there.
  return {
    stats: async () => await inbox.stats(),
    list: async (options: ListOptions = {}) => {
      check("list's options", options, LIST_RULES)
      return await inbox.list(options)
    },
    get: async (id) => {
      if (typeof id !== 'string') throw new InvalidOptionError('`id` must be a string')
      return await inbox.get(id)
    },
    replay: async (ids) => {
      if (!Array.isArray(ids) || !ids.every((id) => typeof id === 'string')) throw new InvalidOptionError('`ids` must be a list of strings')
      return await inbox.replay(ids)
    }
  }
}
