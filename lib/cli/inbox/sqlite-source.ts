import { inboxStats, storedEvent } from '../../inbox/rows.ts'
import { replayBeside } from '../../inbox/sqlite/replay-beside.ts'
import { Reader } from '../../inbox/sqlite/store/reader.ts'
import type { Source } from './source.ts'

/** Replayed in one transaction of the app's: what comes in meanwhile waits for it. */
const REPLAYED_AT_ONCE = 500

export function openSqlite (path: string, signal: AbortSignal): Source {
  const reader = new Reader(path)
  return {
    stats: async () => inboxStats(reader.stats()),
    list: async (options = {}) => reader.list(options).map(storedEvent),
    async get (id) {
      const row = reader.get(id)
      return row && storedEvent(row)
    },
    async replay (ids) {
      let count = 0
      for (let i = 0; i < ids.length; i += REPLAYED_AT_ONCE) count += await replayBeside(path, ids.slice(i, i + REPLAYED_AT_ONCE), signal)
      return count
    },
    idsLike: async (prefix, most) => reader.idsLike(prefix, most),
    close: async () => { reader.close() }
  }
}
