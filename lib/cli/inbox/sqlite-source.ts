import { inboxStats, storedEvent } from '../../inbox/sql/rows.ts'
import { wellFormed } from '../../inbox/sql/well-formed.ts'
import { requestChange } from '../../inbox/sqlite/request-change.ts'
import { Reader } from '../../inbox/sqlite/store/reader.ts'
import type { Source } from './source.ts'

/** Replayed or removed in one transaction of the app's: what comes in meanwhile waits for it. */
const CHANGED_AT_ONCE = 500

export function openSqlite (path: string, signal: AbortSignal): Source {
  const reader = new Reader(path)
  const change = async (action: 'replay' | 'discard', ids: readonly string[], all: boolean) => {
    let count = 0
    for (let i = 0; i < ids.length; i += CHANGED_AT_ONCE) count += await requestChange(path, { action, ids: ids.slice(i, i + CHANGED_AT_ONCE), all }, signal)
    return count
  }
  return {
    stats: async () => inboxStats(reader.stats()),
    list: async (options = {}) => reader.list(options).map(storedEvent),
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
