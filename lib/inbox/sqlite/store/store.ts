import { realpathSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { StatementSync } from 'node:sqlite'
import type { Call, Done, Opening, Results, Work } from '../messages.ts'
import { ChangeRequests } from './change-requests.ts'
import { Removal } from './discard.ts'
import { EventTable } from './event-table.ts'
import { identityOf, OpenFiles } from './file-identity.ts'
import { lock } from './file-lock.ts'
import { create } from './files.ts'
import { KnownIds } from './known-ids.ts'
import { LaneTable } from './lane-table.ts'
import { openFile } from './open-database.ts'
import { Purge } from './purge.ts'
import { Replays } from './replay.ts'
import { Suspects } from './suspects.ts'
import { Totals } from './totals.ts'
import { UnusableError } from './unusable-error.ts'
import { EventViews } from './views.ts'
import { emptyLog } from './write-ahead-log.ts'

/** In milliseconds. Whoever waits longer asks again: of two that ask at the same moment, each may keep the other from getting it. */
const PATIENCE = 100

const ANOTHER = 'it is another file than the one that was opened. Put that one back; or end the app, delete the -wal and -shm that are beside this one, and start it with it'

/** The file, and all that is done with it. Everything here waits for the disk: it has a thread of its own. */
export class Store {
  readonly #lock: DatabaseSync
  readonly #db: DatabaseSync
  readonly #files: OpenFiles
  readonly #begin: StatementSync
  readonly #commit: StatementSync
  readonly #totals: Totals
  readonly #ids: KnownIds
  readonly #suspects: Suspects
  readonly #lanes: LaneTable
  readonly #events: EventTable
  readonly #replays: Replays
  readonly #views: EventViews
  readonly #removal: Removal
  readonly #orders: ChangeRequests
  readonly #purge: Purge
  readonly #hands = {
    replay: (ids: readonly string[], all: boolean) => this.#replays.replay(ids, all),
    discard: (ids: readonly string[]) => this.#removal.discard(ids),
    forget: (lane: string, after: number) => this.#removal.forget(lane, after)
  }

  #isRecovering = false

  /** `patience` is how long it waits for somebody who has the file, in milliseconds. */
  constructor ({ path, keep, keepFailed, maxBacklog, held, again, restarted = false, file: opened }: Opening, patience = PATIENCE) {
    // What was there a moment ago must not begin anew as an empty file.
    const file = again ? realpathSync(path) : create(path)
    // Nor may it be another one: it would be taken for what was delivered from this one, and SQLite would add the old log to it.
    if (opened !== undefined && identityOf(path) !== opened) throw new UnusableError(ANOTHER)
    this.#lock = lock(file, patience)
    try {
      const db = this.#db = openFile(file, again)
      this.#files = new OpenFiles(path, `${file}-wal`)
      this.#begin = db.prepare('BEGIN IMMEDIATE')
      this.#commit = db.prepare('COMMIT')
      const totals = this.#totals = new Totals(db)
      const ids = this.#ids = new KnownIds(db, totals.now.indexed)
      const suspects = this.#suspects = new Suspects(db)
      const lanes = this.#lanes = new LaneTable(db, suspects)
      this.#events = new EventTable({ db, totals, ids, lanes }, maxBacklog)
      this.#replays = new Replays({ db, totals, ids, lanes })
      this.#views = new EventViews(db, { totals, ids })
      this.#removal = new Removal({ db, totals, ids, lanes })
      this.#orders = new ChangeRequests(db)
      this.#purge = new Purge({ db, totals, ids, keep, keepFailed })
      this.#transaction(() => {
        if (restarted) suspects.resume(held)
        else this.#isRecovering = suspects.recover()
        lanes.recover(held)
      })
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

  /** Whether somebody had the file and ended without closing it, or what he left is suspect still. */
  get isRecovering (): boolean {
    return this.#isRecovering
  }

  nextDue (): number | null {
    return this.#lanes.nextDue()
  }

  /** Whether another process has an order. To be looked at now and then: it costs next to nothing. */
  isAsked (): boolean {
    return this.#orders.isAsked()
  }

  run (work: Work): Done {
    return this.#transaction(() => {
      const { now, done, failed, givenBack, adds, calls } = work
      this.#events.done(done, now)
      for (const outcome of failed) this.#events.settle(outcome, now)
      this.#lanes.goOn(now) // before the lane whose trial is over
      for (const lane of givenBack) this.#lanes.giveBack(lane)
      const added = this.#events.add(adds)
      this.#ids.merge()
      const results = calls.map((call) => this.#call(call, now))
      this.#lanes.goOn(now) // one that others wait for may be gone
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

  /**
   * SQLite writes zeros over what is deleted, but when it has moved something from a page to the one beside it, it may leave a copy: only
   * a file that is written anew has none. Returns whether the log is empty, too.
   */
  tidy (rewrite: boolean): boolean {
    if (rewrite) this.#db.exec('VACUUM')
    return emptyLog(this.#db)
  }

  /** What cannot be noted is taken for an end that was none of its own. */
  close (): void {
    try {
      this.#transaction(() => { this.#suspects.close() })
    } catch {}
    this.#db.close()
    this.#lock.close()
  }

  #call (call: Call, now: number): Results[keyof Results] {
    switch (call.method) {
      case 'stats': return this.#views.stats()
      case 'list': return this.#views.list(call.options)
      case 'get': return this.#views.get(call.id)
      case 'inOrder': return this.#replays.inOrder(call.ids)
      case 'replay': return this.#hands.replay(call.ids, call.all)
      case 'discard': return this.#hands.discard(call.ids)
      case 'forget': return this.#hands.forget(call.lane, call.after)
      case 'order': return this.#orders.carryOut(now, this.#hands)
      case 'take': return this.#lanes.take(call.lanes, now)
      case 'answer': this.#orders.answer(call.answer)
    }
    return undefined
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
