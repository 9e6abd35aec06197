// Only SQLite: how a file is opened. PostgreSQL has a pool of connections (postgres/database.ts).
import { DatabaseSync } from 'node:sqlite'
import { UnusableError } from './files.ts'
import { migrate, versionOf } from './schema.ts'
import { PATIENCE_TO_WRITE } from './write-ahead-log.ts'

/**
 * In bytes. A transaction writes whole pages: with 8 192, an event that comes alone made the disk write 71 kB, and with this 42 kB.
 * Many at a time cost the same with both; bodies of a thousand fill larger pages better, by a tenth of the file.
 */
const PAGE = 4_096
/** Pages that the write-ahead log has when it begins anew: 8 MiB of them. Most pages are changed again and again, and written to the file once. */
const LOG = 2_000
/**
 * In bytes: what a reader has made longer is cut to this once the log begins anew. Twice what it has otherwise, so that it is not cut
 * and made longer again all the time.
 */
const LONGEST_LOG = 16_777_216
/** In KiB: the pages that most transactions touch, of a file of many gigabytes. */
const CACHE = 16_384

/** `again`: it was there a moment ago, so that it is not empty. */
export function openDatabase (file: string, again: boolean): DatabaseSync {
  const db = new DatabaseSync(file)
  try {
    db.exec(`PRAGMA busy_timeout = ${PATIENCE_TO_WRITE}; PRAGMA page_size = ${PAGE}; PRAGMA synchronous = FULL; PRAGMA cache_size = -${CACHE};
      PRAGMA wal_autocheckpoint = ${LOG}; PRAGMA journal_size_limit = ${LONGEST_LOG}; PRAGMA secure_delete = ON`)
    const version = versionOf(db)
    if (again && version === 0) throw new UnusableError('it is empty all of a sudden')
    db.exec('PRAGMA journal_mode = WAL')
    migrate(db, version)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}
