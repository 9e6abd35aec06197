import { join } from 'node:path'
import { temporaryFolder } from '../folder.ts'
import { askNumber } from '../postgres/ask.ts'
import { othersAreGone } from '../postgres/others.ts'
import type { Postgres } from '../postgres/server.ts'
import { watchLog, type Written } from './log.ts'
import type { CollectingInbox } from './variants.ts'

/** What a turn has written. */
export interface Writes extends Written {
  /** That were added, changed or removed. NaN if they cannot be counted. */
  rows: number
}

/** Where the events of a variant are kept, in turn after turn. */
export interface Store {
  /** What an inbox is opened with. */
  address: string
  /** While the app is ready. Returns what says, once the app is closed, how much was written. */
  watch: () => Promise<() => Promise<Writes>>
  drop: () => Promise<void>
}

export const createStore = {
  sqlite: () => {
    const address = join(temporaryFolder(), 'inbox.db')
    return Promise.resolve({
      address,
      watch: () => {
        const end = watchLog(address)
        return Promise.resolve(() => Promise.resolve({ ...end(), rows: NaN }))
      },
      drop: () => Promise.resolve()
    })
  },
  postgres: async ({ createDatabase }) => {
    const { url, drop } = await createDatabase()
    return {
      address: url,
      watch: async () => {
        const before = await writesOf(url)
        return async () => {
          await othersAreGone(url)
          const after = await writesOf(url)
          return { transactions: after.transactions - before.transactions, bytes: after.bytes - before.bytes, rows: after.rows - before.rows }
        }
      },
      drop
    }
  }
} satisfies Record<CollectingInbox['name'], (postgres: Postgres) => Promise<Store>>

async function writesOf (url: string): Promise<Writes> {
  return {
    bytes: await askNumber(url, "pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"),
    transactions: await askNumber(url, 'SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()'),
    rows: await askNumber(url, 'SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables')
  }
}
