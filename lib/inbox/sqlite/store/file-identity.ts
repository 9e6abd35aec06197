// Only SQLite: a file can be removed or replaced while it is open.
import { statSync } from 'node:fs'

/** What is written does not go where the next start would look for it. */
export class FileLostError extends Error {}

/** Which file is at a path; undefined if there is none. */
export function identityOf (path: string): string | undefined {
  // As bigints: the numbers of some file systems are too large to be exact otherwise.
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stats && `${stats.dev}:${stats.ino}`
}

/** The files of a store that is open. SQLite goes on writing to them when they are removed or replaced, and tells nobody. */
export class OpenFiles {
  readonly identity: string | undefined
  readonly #identities: ReadonlyMap<string, string | undefined>

  /** `path` may be that of a link, and `log` is the write-ahead log. */
  constructor (path: string, log: string) {
    this.identity = identityOf(path)
    this.#identities = new Map([[path, this.identity], [log, identityOf(log)]])
  }

  /** Costs a few microseconds: to be asked after each transaction, before anybody is told that it is safe. */
  check (): void {
    for (const [path, identity] of this.#identities) {
      const found = identityOf(path)
      if (found === undefined) throw new FileLostError(`${path} is gone`)
      if (found !== identity) throw new FileLostError(`${path} is another file than the one that was opened`)
    }
  }
}
