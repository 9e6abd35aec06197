import { resolve } from 'node:path'
import { InvalidOptionError } from '../../errors/errors.ts'
import { looksLikeAddress } from '../../errors/url-passwords.ts'
import { check, duration, integer } from '../../options/check.ts'
import type { Filled, Rule } from '../../options/check.ts'

export interface SqliteInboxOptions {
  /** The file. It is made if it does not exist; its folder is not. */
  path: string
  /** How long done events stay, to drop repeats, to be looked at and replayed, in milliseconds. @default 259200000 (3 days) */
  keep?: number | undefined
  /** How long dead and invalid events stay, in milliseconds. @default 2592000000 (30 days) */
  keepFailed?: number | undefined
  /** How long the start waits for a process that still has the file, in milliseconds; 0: not at all. @default 8000 */
  wait?: number | undefined
}

const RULES: Record<keyof SqliteInboxOptions, Rule> = {
  // SQLite itself takes an empty name for a file that nobody finds again, and these two for others. An address may hold a password,
  // which the name of a file would show to everybody.
  path: {
    fits: (value) => typeof value === 'string' && value.trim() !== '' && !value.startsWith(':memory:') && !value.startsWith('file:') && !value.includes('\0') && !looksLikeAddress(value),
    must: 'be the path of a file'
  },
  keep: integer(0),
  keepFailed: integer(0),
  wait: duration()
}

export function resolveSqliteOptions (options: SqliteInboxOptions): Filled<SqliteInboxOptions> {
  check("sqliteInbox's options", options, RULES)
  // Left out, it was not looked at.
  if (!RULES.path.fits(options.path)) throw new InvalidOptionError("`path` of sqliteInbox's options must be the path of a file, got undefined")
  // Absolute from here on: wherever the app goes, a thread that is started again must find the same file.
  return { path: resolve(options.path), keep: options.keep ?? 259_200_000, keepFailed: options.keepFailed ?? 2_592_000_000, wait: options.wait ?? 8_000 }
}
