import { closeSync, openSync, readSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

/** What was written. */
export interface Written {
  transactions: number
  /** Bytes of the write-ahead log. */
  bytes: number
}

// The format is at https://sqlite.org/fileformat.html#the_write_ahead_log.
const HEADER = 32
const FRAME = 24
const PAGE_SIZE_AT = 8
const SALT_AT = { header: 16, frame: 8 }
const SALT = 8
/** In the head of a frame; 0 unless a transaction ends with it. */
const COMMIT_AT = 4

/**
 * Watches what another process writes to its SQLite file, and returns what says how much it was. Until then the log grows and does not begin
 * anew, for somebody reads what was there before: so it has all of it.
 */
export function watchLog (path: string): () => Written {
  const db = new DatabaseSync(path)
  if (db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy !== 0) throw new Error('somebody else reads or writes the file')
  db.exec('BEGIN; SELECT 1 FROM events LIMIT 1')
  return () => {
    const written = readLog(`${path}-wal`)
    db.close()
    return written
  }
}

/** SQLite has no lock on this file: so whoever closes it gives none up. */
function readLog (path: string): Written {
  const file = openSync(path, 'r')
  const header = Buffer.alloc(HEADER)
  const frame = Buffer.alloc(FRAME)
  readSync(file, header, 0, HEADER, 0)
  const length = FRAME + header.readUInt32BE(PAGE_SIZE_AT)
  let [transactions, bytes, written] = [0, 0, 0]
  while (readSync(file, frame, 0, FRAME, HEADER + bytes) === FRAME && isOf(frame, header)) {
    bytes += length
    if (frame.readUInt32BE(COMMIT_AT) === 0) continue
    transactions++
    written = bytes
  }
  closeSync(file)
  return { transactions, bytes: written }
}

/** Whether it is not one that was left over. */
function isOf (frame: Buffer, header: Buffer) {
  return frame.compare(header, SALT_AT.header, SALT_AT.header + SALT, SALT_AT.frame, SALT_AT.frame + SALT) === 0
}
