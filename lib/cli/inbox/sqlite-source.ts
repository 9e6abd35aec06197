import { batches } from '../../inbox/batches.ts'
import { CHANGED_AT_ONCE } from '../../inbox/find.ts'
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
  return {
    stats: async () => inboxStats(reader.stats()),
    list: async (options = {}) => reader.list(options).map(storedEvent),
    async find (options = {}) {
      const { rows, ...found } = reader.find(options)
      return { ...found, events: rows.map(storedEvent) }
    },
    async get (id) {
      const row = reader.get(id)
      return row && storedEvent(row)
    },
    replay: async (ids, { all = false } = {}) => await change('replay', ids, all),
    discard: async (ids) => await change('discard', ids, false),
    forget: async (conversation) => await requestChange(path, { action: 'forget', lane: wellFormed(conversation) }, signal),
    close: async () => { reader.close() }
  }
}
