// Only SQLite: files have to be made, and have modes.
import { accessSync, closeSync, constants, existsSync, openSync, realpathSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** A file that cannot be an inbox, and why. */
export class UnusableError extends Error {}

/** Customers' messages: for nobody but the owner of the process. */
const OWNER_ONLY = 0o600
const OTHERS = 0o077

/**
 * Makes a file if there is none, and returns its one name, however it is reached. SQLite would make it readable for all, and not say
 * why it cannot be made. One that is there is not even opened: to close it again would give up every lock that this process has on it.
 */
export function create (path: string): string {
  if (!existsSync(dirname(path))) throw new UnusableError('its folder does not exist: make it first')
  if (!existsSync(path)) closeSync(openSync(path, 'a', OWNER_ONLY))
  if (statSync(path).isDirectory()) throw new UnusableError('it is a directory')
  accessSync(path, constants.R_OK | constants.W_OK)
  return realpathSync(path)
}

/** The files of an inbox that others than their owner may open. On Windows, where modes do not say it, none. */
export function openToOthers (path: string, platform = process.platform): string[] {
  if (platform === 'win32') return []
  const file = realpathSync(path)
  return ['', '-wal', '-shm'].map((suffix) => file + suffix).filter((file) => ((statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & OTHERS) !== 0)
}
