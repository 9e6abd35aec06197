import type { DatabaseSync } from 'node:sqlite'

/** For who else writes, in milliseconds: somebody who mends something by hand, or a command. */
export const PATIENCE_TO_WRITE = 5_000

/**
 * Brings what the log has into the file, and leaves nothing of it in the log. Returns false if somebody reads or writes meanwhile: for
 * them it waits only so many milliseconds, for nobody can write while it does.
 */
export function emptyLog (db: DatabaseSync, patience = 0): boolean {
  db.exec(`PRAGMA busy_timeout = ${patience}`)
  try {
    return db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy === 0
  } finally {
    db.exec(`PRAGMA busy_timeout = ${PATIENCE_TO_WRITE}`)
  }
}
