import { realpathSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { StatementSync } from 'node:sqlite'
import { EventTable } from './event-table.ts'
import { EventViews } from './event-views.ts'
import { create } from './files.ts'
import { KnownIds } from './known-ids.ts'
import { LaneTable } from './lane-table.ts'
import { lock } from './lock.ts'
import { Mailbox } from './mailbox.ts'
import { identityOf, OwnFiles } from './own-files.ts'
import type { Call, Done, Opening, Results, Work } from '../messages.ts'
import { Purge } from './purge.ts'
import { migrate, versionOf } from './schema.ts'
import { Totals } from './totals.ts'
import { UnusableError } from './unusable-error.ts'

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
/** In milliseconds: a command that replays events of a file that nobody has holds it for a moment. */
const PATIENCE = 1_000

const ANOTHER = 'it is another file than the one that was opened. Put that one back; or end the app, delete the -wal and -shm that are beside this one, and start it with it'

/** The file, and all that is done with it. Everything here waits for the disk: it has a thread of its own. */
export class Store {
  readonly #lock: DatabaseSync
  readonly #db: DatabaseSync
  readonly #files: OwnFiles
  readonly #begin: StatementSync
  readonly #commit: StatementSync
  readonly #totals: Totals
  readonly #ids: KnownIds
  readonly #lanes: LaneTable
  readonly #events: EventTable
  readonly #views: EventViews
  readonly #mailbox: Mailbox
  readonly #purge: Purge

  /** `patience` is how long it waits for somebody who has the file, in milliseconds. */
  constructor ({ path, keep, maxBacklog, held, again, file: opened }: Opening, patience = PATIENCE) {
    // What was there a moment ago must not begin anew as an empty file.
    const file = again ? realpathSync(path) : create(path)
    // Nor may it be another one: it would be taken for what was delivered from this one, and SQLite would add the old log to it.
    if (opened !== undefined && identityOf(path) !== opened) throw new UnusableError(ANOTHER)
    this.#lock = lock(file, patience)
    try {
      const db = this.#db = openFile(file, again)
      this.#files = new OwnFiles(path, `${file}-wal`)
      this.#begin = db.prepare('BEGIN IMMEDIATE')
      this.#commit = db.prepare('COMMIT')
      const totals = this.#totals = new Totals(db)
      const ids = this.#ids = new KnownIds(db, totals.now.indexed)
      const lanes = this.#lanes = new LaneTable(db)
      this.#events = new EventTable({ db, totals, ids, lanes }, maxBacklog)
      this.#views = new EventViews(db, { totals, ids })
      this.#mailbox = new Mailbox(db)
      this.#purge = new Purge({ db, totals, ids, keep })
      this.#transaction(() => { lanes.recover(held) })
    } catch (error) {
      this.#lock.close()
      throw error
    }
  }

  get file (): string | undefined {
    return this.#files.identity
  }

  /** Throws a `LostError` if its files are not there any more. */
  check (): void {
    this.#files.check()
  }

  nextDue (): number | null {
    return this.#lanes.nextDue()
  }

  /** Whether another process asks for a replay. To be looked at now and then: it costs next to nothing. */
  hasMail (): boolean {
    return this.#mailbox.hasMail()
  }

  run (work: Work): Done {
    return this.#transaction(() => {
      const { now, done, failed, givenBack, adds, calls } = work
      this.#events.done(done, now)
      for (const outcome of failed) this.#events.settle(outcome, now)
      for (const lane of givenBack) this.#lanes.giveBack(lane)
      const added = this.#events.add(adds)
      this.#ids.merge()
      const results = calls.map((call) => this.#call(call, now))
      return { kind: 'done', added, results, nextDue: this.nextDue() }
    })
  }

  /** What makes it quicker, a little at each step. */
  warmUp (): Generator<undefined, undefined> {
    return this.#ids.load()
  }

  /** Removes what is old, a little at each step. */
  * purge (): Generator<undefined, undefined> {
    for (const step of this.#purge.pass(Date.now())) {
      if (step !== undefined) this.#transaction(step)
      yield
    }
  }

  close (): void {
    this.#db.close()
    this.#lock.close()
  }

  #call (call: Call, now: number): Results[keyof Results] {
    switch (call.method) {
      case 'stats': return this.#views.stats()
      case 'list': return this.#views.list(call.options)
      case 'get': return this.#views.get(call.id)
      case 'replay': return this.#events.replay(call.ids)
      case 'answer': return this.#mailbox.answer(now, (ids) => this.#events.replay(ids))
      case 'take': return this.#lanes.take(call.lanes, now)
    }
  }

  #transaction<T> (work: () => T): T {
    this.#begin.run()
    try {
      this.#lanes.look()
      const result = work()
      this.#totals.now.indexed = this.#ids.indexed
      this.#totals.save()
      this.#commit.run()
      this.#ids.commit()
      this.#totals.commit()
      this.check()
      return result
    } catch (error) {
      this.#rollback()
      throw error
    }
  }

  #rollback (): void {
    this.#ids.rollback()
    this.#totals.rollback()
    try {
      this.#db.exec('ROLLBACK')
    } catch {
      // A full disk has ended the transaction already.
    }
  }
}

function openFile (file: string, again: boolean): DatabaseSync {
  const db = new DatabaseSync(file)
  try {
    // Nobody else writes, but for somebody who mends something by hand.
    db.exec(`PRAGMA busy_timeout = 5000; PRAGMA page_size = ${PAGE}; PRAGMA synchronous = FULL; PRAGMA cache_size = -${CACHE};
      PRAGMA wal_autocheckpoint = ${LOG}; PRAGMA journal_size_limit = ${LONGEST_LOG}`)
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
