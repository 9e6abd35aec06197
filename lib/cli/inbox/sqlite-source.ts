import { batches } from '../../inbox/batches.ts'
import { findByList } from '../../inbox/find-by-list.ts'
import { CHANGED_AT_ONCE } from '../../inbox/find.ts'
import type { PageOptions } from '../../inbox/inbox.ts'
import { inboxStats, storedEvent } from '../../inbox/sql/rows.ts'
import { wellFormed } from '../../inbox/sql/well-formed.ts'
import { requestChange } from '../../inbox/sqlite/request-change.ts'
import { Reader } from '../../inbox/sqlite/store/reader.ts'
import type { Source } from './source.ts'

export function openSqlite (path: string, signal: AbortSignal): Source {
  const reader = new Reader(path)
  const change = async (action: 'replay' | 'discard', ids: readonly string[], all: boolean) => {
    let count = 0
    // Each in one transaction of the app's.
    for (const batch of batches(ids, CHANGED_AT_ONCE)) count += await requestChange(path, { action, ids: batch, all }, signal)
    return count
  }
  const list = async (options: PageOptions = {}) => reader.list(options).map(storedEvent)
  return {
    stats: async () => inboxStats(reader.stats()),
    list,
    find: async (options = {}) => await findByList(list, options),
    async get (id) {
      const row = reader.get(id)
      return row && storedEvent(row)
    },
    replay: async (ids, { all = false } = {}) => await change('replay', ids, all),
    discard: async (ids) => await change('discard', ids, false),
    forget: async (conversation) => await requestChange(path, { action: 'forget', lane: wellFormed(conversation) }, signal),
    idsLike: async (prefix, most) => reader.idsLike(prefix, most),
    close: async () => { reader.close() }
  }
}
