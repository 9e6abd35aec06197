// Only SQLite: the command line looks into a file that has an owner, and so does the thread that finds events. With PostgreSQL, both have connections.
import { existsSync, realpathSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { FindOptions, PageOptions } from '../../inbox.ts'
import type { FoundRows, StoredRow } from '../../sql/rows.ts'
import type { Results } from '../messages.ts'
import { UnusableError } from './files.ts'
import { Finding } from './finding.ts'
import { VERSION, versionOf } from './schema.ts'
import { readTotals } from './totals.ts'
import { Views } from './views.ts'

/** Looks into a file, whoever has it: it changes nothing, and no transaction of it lasts longer than a look. */
export class Reader {
  readonly #db: DatabaseSync
  readonly #views: Views
  readonly #finding: Finding

  constructor (path: string) {
    const db = this.#db = openFile(path)
    const totals = readTotals(db)
    const finding = this.#finding = new Finding(db, () => totals().indexed)
    this.#views = new Views(db, {
      totals: { get now () { return totals() } },
      ids: { find: (id) => finding.seqOf(id) }
    })
  }

  stats (): Results['stats'] {
    return this.#read(() => this.#views.stats())
  }

  list (options: PageOptions): StoredRow[] {
    return this.#read(() => this.#views.list(options))
  }

  get (id: string): StoredRow | undefined {
    return this.#read(() => this.#views.get(id))
  }

  /** A part of it: see `Inbox`. */
  find (options: FindOptions): FoundRows {
    return this.#read(() => this.#finding.find(options))
  }

  close (): void {
    this.#db.close()
  }

  /** All of it as it was at one moment. */
  #read<T> (look: () => T): T {
    this.#db.exec('BEGIN')
    try {
      return look()
    } finally {
      this.#db.exec('COMMIT')
    }
  }
}

/** A connection that cannot write, to a file that is an inbox. */
function openFile (path: string): DatabaseSync {
  if (!existsSync(path)) throw new UnusableError('there is no such file')
  if (statSync(path).isDirectory()) throw new UnusableError('it is a directory')
  const file = realpathSync(path)
  // While nobody has it there is no log: a connection that is read-only would make one, and leave it behind.
  const db = new DatabaseSync(file, { readOnly: existsSync(`${file}-wal`) })
  try {
    db.exec('PRAGMA query_only = ON; PRAGMA busy_timeout = 5000')
    checkVersion(versionOf(db))
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

function checkVersion (version: number): void {
  if (version === 0) throw new UnusableError('it is empty: no app has used it yet')
  if (version === VERSION) return
  throw new UnusableError(`its schema is version ${version}, and this package knows ${VERSION}: ${version > VERSION
    ? 'a newer version of the package has written it'
    : 'an app with this version of the package brings it up to date when it starts'}`)
}
