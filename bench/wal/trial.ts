import { askNumber } from '../postgres/ask.ts'
import type { Database } from '../postgres/database.ts'
import { othersAreGone } from '../postgres/others.ts'
import { ours } from '../queues/contestants.ts'
import { startQueue } from '../queues/process.ts'

/** What so many events took that were added and delivered. */
export interface WalTrial {
  events: number
  /** Milliseconds. */
  wall: number
  /** Bytes of the write-ahead log. */
  log: number
  /** Pages that the log has whole, for they were changed for the first time since the checkpoint. */
  images: number
  /** Bytes by which the database grew. */
  disk: number
}

const CONVERSATIONS = 2_000

/** Right after a checkpoint, as after every few minutes of a server that is busy. */
export async function tryWal ({ url, tidy }: Database, events: number): Promise<WalTrial> {
  const { ask, watch, stop } = await startQueue(ours.name, url)
  await tidy()
  const before = await countersOf(url)
  const { wall: startedAt } = await watch({ kind: 'flow', load: { conversations: CONVERSATIONS, events } })
  const { wall } = await watch({ kind: 'reach', handled: events })
  await ask({ kind: 'settle', handled: 0 })
  await stop()
  await othersAreGone(url)
  const after = await countersOf(url)
  await tidy()
  return {
    events,
    wall: wall - startedAt,
    log: after.log - before.log,
    images: after.images - before.images,
    disk: await sizeOf(url) - before.size
  }
}

async function countersOf (url: string) {
  return {
    log: await askNumber(url, "pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"),
    images: await askNumber(url, 'SELECT wal_fpi FROM pg_stat_wal'),
    size: await sizeOf(url)
  }
}

function sizeOf (url: string) {
  return askNumber(url, 'pg_database_size(current_database())')
}
