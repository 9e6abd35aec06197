// Only SQLite: the command line looks into a file that has an owner. With PostgreSQL, it connects as an app does.
import { existsSync, realpathSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { PageOptions } from '../../inbox.ts'
import type { StoredRow } from '../../sql/rows.ts'
import type { Results } from '../messages.ts'
import { UnusableError } from './files.ts'
import { VERSION, versionOf } from './schema.ts'
import { select } from './select.ts'
import type { Select } from './select.ts'
import { readTotals } from './totals.ts'
import { Views } from './views.ts'

/** Characters of an id that are enough to find it by the index. */
export const SHORTEST_PREFIX = 6
const KEY_BYTES = 4

interface FoundId {
  id: string
  seq: number
}

/** Looks into a file, whoever has it: it changes nothing, and no transaction of it lasts longer than a look. */
export class Reader {
  readonly #db: DatabaseSync
  readonly #views: Views
  readonly #ids: Select<FoundId>

  constructor (path: string) {
    const db = this.#db = openFile(path)
    const totals = readTotals(db)
    // Those that the index does not have yet are looked through.
    this.#ids = select(db, `SELECT events.id, events.seq FROM ids JOIN events ON events.seq = ids.seq
        WHERE ids.key = ? AND substr(events.id, 1, length(?)) = ?
      UNION SELECT id, seq FROM events WHERE seq > (SELECT indexed FROM totals) AND substr(id, 1, length(?)) = ? LIMIT ?`)
    this.#views = new Views(db, {
      totals: { get now () { return totals() } },
      ids: { find: (id) => this.#find(id, 1)[0]?.seq }
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

  /** Ids that begin with these characters, so many at most. */
  idsLike (prefix: string, most: number): string[] {
    return this.#read(() => this.#find(prefix, most).map(({ id }) => id))
  }

  close (): void {
    this.#db.close()
  }

  #find (prefix: string, most: number): FoundId[] {
    const bytes = Buffer.from(prefix, 'base64url')
    if (bytes.length < KEY_BYTES) return []
    return this.#ids.all(bytes.readInt32BE(), prefix, prefix, prefix, prefix, most)
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
