// Only SQLite: PostgreSQL's server looks after its own.
import { closeSync, fsyncSync, openSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import type { Awaitable } from '../../inbox.ts'

/** For who else writes, in milliseconds: somebody who mends something by hand, or a command. */
export const PATIENCE_TO_WRITE = 5_000
/** Between two tries to empty the log, in milliseconds. */
const TRY_EVERY = 100
/** Before whoever reads the file is given up, in milliseconds. Not counted from before the first try, which may have to write the file anew. */
const PATIENCE = 30_000

/**
 * Brings what the log has into the file, and leaves nothing of it in the log. Returns false if somebody reads or writes meanwhile: for
 * them it waits only so many milliseconds, for nobody can write while it does.
 */
export function emptyLog (db: DatabaseSync, patience = 0): boolean {
  db.exec(`PRAGMA busy_timeout = ${patience}`)
  try {
    if (db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy !== 0) return false
    syncLog(db)
    return true
  } finally {
    db.exec(`PRAGMA busy_timeout = ${PATIENCE_TO_WRITE}`)
  }
}

/** SQLite truncates the log without syncing it: after a power loss, all that was in it would be there again. */
function syncLog (db: DatabaseSync): void {
  for (const { file } of db.prepare("SELECT file FROM pragma_database_list WHERE name = 'main'").all()) {
    // On Windows, what is synced has to be open for writing. To close the log again gives up no lock: SQLite has none on it.
    const log = openSync(`${String(file)}-wal`, 'r+')
    try {
      fsyncSync(log)
    } finally {
      closeSync(log)
    }
  }
}

/** Tries until the log is empty, which it cannot be while somebody reads what is in it: a backup, say. */
export async function untilEmpty (isEmpty: () => Awaitable<boolean>, { patience = PATIENCE, signal }: { patience?: number, signal?: AbortSignal } = {}): Promise<void> {
  let end: number | undefined
  while (!await isEmpty()) {
    end ??= Date.now() + patience
    if (Date.now() > end) {
      throw new Error('the events are removed, but somebody reads the file, so that its log still has them: forget the conversation again after that')
    }
    await wait(TRY_EVERY, undefined, { signal })
  }
}
