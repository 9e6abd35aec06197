import { DatabaseSync } from 'node:sqlite'
import { create } from './files.ts'

export class LockedError extends Error {}

/** SQLite's result code for what somebody else has locked. */
const BUSY = 5

/**
 * Keeps a file to one process: an exclusive transaction on a second file, which ends with its process, however that ends. Not on
 * the file itself: others may read it.
 */
export function lock (path: string): DatabaseSync {
  const file = `${path}-lock`
  create(file)
  const db = new DatabaseSync(file)
  try {
    db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    db.close()
    throw errorCodeOf(error) === BUSY ? new LockedError() : error
  }
  return db
}

export function errorCodeOf (error: unknown): unknown {
  return error instanceof Error && 'errcode' in error ? error.errcode : undefined
}
