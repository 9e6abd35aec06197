import { InvalidOptionError } from '../errors/errors.ts'
import { bool, check, date, integer, string } from '../options/check.ts'
import { findByList } from './find-by-list.ts'
import { SHORTEST_ID } from './fits.ts'
import type { EventState, FindOptions, Found, Inbox, InboxStats, ListOptions, ReplayOptions, StoredEvent } from './inbox.ts'

/** The inbox, to look at, to replay from and to delete from. */
export interface InboxView {
  stats (): Promise<InboxStats>
  /** Newest first. */
  list (options?: ListOptions): Promise<StoredEvent[]>
  /** Looks through a part of the inbox for what fits: go on with `before` until that is null. */
  find (options?: FindOptions): Promise<Found>
  get (id: string): Promise<StoredEvent | undefined>
  /**
   * Puts dead, done and invalid events back, those of one conversation in their old order; resolves to how many. A dead one is delivered
   * to the listeners that failed, unless `all`.
   */
  replay (ids: readonly string[], options?: ReplayOptions): Promise<number>
  /** Removes events, whatever their state; resolves to how many. */
  discard (ids: readonly string[]): Promise<number>
  /** Removes every event of a conversation and every trace of it; resolves to how many events it were. */
  forget (conversation: string): Promise<number>
}

const STATES: readonly EventState[] = ['pending', 'done', 'dead', 'invalid']
const PAGE_RULES = {
  state: { fits: (value: unknown) => STATES.some((state) => state === value), must: `be one of ${STATES.join(', ')}` },
  limit: integer(1, 1_000),
  before: integer(0)
}
const LIST_RULES = { ...PAGE_RULES, conversation: string }
const FIND_RULES = {
  ...LIST_RULES,
  failing: bool,
  name: string,
  since: date,
  until: date,
  id: { fits: (value: unknown) => typeof value === 'string' && value.length >= SHORTEST_ID, must: `be a string of ${SHORTEST_ID} characters or more` },
  text: string,
  idsOnly: bool
}

/** What the app may do with its inbox: not what only delivery may, and a promise whatever the driver returns. */
export function viewOf (inbox: Inbox): InboxView {
  const find = async (options: FindOptions) => await (inbox.find?.(options) ?? findByList(async (options) => await inbox.list(options), options))

  async function listOf ({ limit = 100, before, ...filter }: ListOptions): Promise<StoredEvent[]> {
    const events: StoredEvent[] = []
    for (let from: number | null | undefined = before; from !== null && events.length < limit;) {
      const found: Found = await find({ ...filter, limit: limit - events.length, before: from })
      events.push(...found.events)
      from = found.before
    }
    return events
  }

  // JavaScript callers may pass anything, such as a part of a request that is not there.
  return {
    stats: async () => await inbox.stats(),
    list: async (options: ListOptions = {}) => {
      check("list's options", options, LIST_RULES)
      return options.conversation === undefined ? await inbox.list(options) : await listOf(options)
    },
    find: async (options: FindOptions = {}) => {
      check("find's options", options, FIND_RULES)
      return await find(options)
    },
    get: async (id) => {
      if (typeof id !== 'string') throw new InvalidOptionError('`id` must be a string')
      return await inbox.get(id)
    },
    replay: async (ids, options: ReplayOptions = {}) => {
      checkIds(ids)
      check("replay's options", options, { all: bool })
      return await inbox.replay(ids, options)
    },
    discard: async (ids) => {
      checkIds(ids)
      return await inbox.discard(ids)
    },
    forget: async (conversation) => {
      if (typeof conversation !== 'string' || conversation === '') throw new InvalidOptionError('`conversation` must be a string that is not empty')
      return await inbox.forget(conversation)
    }
  }
}

function checkIds (ids: unknown): void {
  if (!Array.isArray(ids) || !ids.every((id) => typeof id === 'string')) throw new InvalidOptionError('`ids` must be a list of strings')
}
