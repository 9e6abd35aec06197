import { closeSync, existsSync, openSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** Customers' messages: for nobody but the owner of the process. */
const OWNER_ONLY = 0o600

/** One name for a file, however it is reached: what is locked under one must not be free under another. */
export function realPath (path: string): string {
  return existsSync(path) ? realpathSync(path) : join(realpathSync(dirname(path)), basename(path))
}

/** SQLite would make it readable for all, and not say why it cannot be made. */
export function create (file: string): void {
  closeSync(openSync(file, 'a', OWNER_ONLY))
}
