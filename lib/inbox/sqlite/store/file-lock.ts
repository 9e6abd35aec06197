// Only SQLite: one process has the file. With PostgreSQL, each lane is leased (postgres/leases.ts).
import { DatabaseSync } from 'node:sqlite'
import { create } from './files.ts'

/** Somebody else has the file. */
export class LockedError extends Error {
  constructor () {
    super('it is locked')
  }
}

/** SQLite's result code for what somebody else has locked. */
const BUSY = 5

/**
 * Keeps a file to one process: an exclusive transaction on a second file, which ends with its process, however that ends. Not on
 * the file itself: others may read it. `patience` is how long it waits for it, in milliseconds.
 */
export function lock (path: string, patience: number): DatabaseSync {
  const file = `${path}-lock`
  create(file)
  const db = new DatabaseSync(file)
  try {
    db.exec(`PRAGMA busy_timeout = ${patience}; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE`)
    return db
  } catch (error) {
    db.close()
    throw error instanceof Error && 'errcode' in error && error.errcode === BUSY ? new LockedError() : error
  }
}
