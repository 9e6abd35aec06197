// Only SQLite: the part that is PostgreSQL's server (postgres/sql/turn.ts), in a thread of this process.
import { realpathSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { StatementSync } from 'node:sqlite'
import type { CallOf, Done, Method, Opening, Results, Work } from '../messages.ts'
import { ChangeRequests } from './change-requests.ts'
import { Conversations } from './conversations.ts'
import { Discard } from './discard.ts'
import { EventTable } from './event-table.ts'
import { identityOf, OpenFiles } from './file-identity.ts'
import { lock } from './file-lock.ts'
import { create, UnusableError } from './files.ts'
import { KnownIds } from './known-ids.ts'
import { LaneTable } from './lane-table.ts'
import { openDatabase } from './open-database.ts'
import { Purge } from './purge.ts'
import { Replay } from './replay.ts'
import { Suspects } from './suspects.ts'
import { Totals } from './totals.ts'
import { Views } from './views.ts'
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
  readonly #conversations: Conversations
  readonly #suspects: Suspects
  readonly #lanes: LaneTable
  readonly #events: EventTable
  readonly #replay: Replay
  readonly #views: Views
  readonly #discard: Discard
  readonly #requests: ChangeRequests
  readonly #purge: Purge
  #isRecovering = false
  readonly #methods: { readonly [Asked in Method]: (call: CallOf<Asked>, now: number) => Results[Asked] } = {
    stats: () => this.#views.stats(),
    list: ({ options }) => this.#views.list(options),
    get: ({ id }) => this.#views.get(id),
    inOrder: ({ ids }) => this.#replay.inOrder(ids),
    replay: ({ ids, all }) => this.#replay.replay(ids, all),
    discard: ({ ids }) => this.#discard.discard(ids),
    forget: ({ lane, after }) => this.#discard.forget(lane, after),
    carryOut: (_, now) => this.#requests.carryOut(now),
    answer: ({ answer }) => { this.#requests.answer(answer) },
    claim: ({ lanes }, now) => this.#lanes.claim(lanes, now)
  }

  /** `patience` is how long it waits for somebody who has the file, in milliseconds. */
  constructor ({ path, keep, keepFailed, maxBacklog, held, again, restarted = false, file: opened }: Opening, patience = PATIENCE) {
    // What was there a moment ago must not begin anew as an empty file.
    const file = again ? realpathSync(path) : create(path)
    // Nor may it be another one: it would be taken for what was delivered from this one, and SQLite would add the old log to it.
    if (opened !== undefined && identityOf(path) !== opened) throw new UnusableError(ANOTHER)
    this.#lock = lock(file, patience)
    try {
      const db = this.#db = openDatabase(file, again)
      this.#files = new OpenFiles(path, `${file}-wal`)
      this.#begin = db.prepare('BEGIN IMMEDIATE')
      this.#commit = db.prepare('COMMIT')
      const totals = this.#totals = new Totals(db)
      const ids = this.#ids = new KnownIds(db, totals.now.indexed)
      const conversations = this.#conversations = new Conversations(db, totals.now.seq)
      const suspects = this.#suspects = new Suspects(db)
      const lanes = this.#lanes = new LaneTable(db, suspects, totals.now.received)
      const parts = { db, totals, ids, conversations, lanes }
      this.#events = new EventTable(parts, maxBacklog)
      const replay = this.#replay = new Replay(parts)
      this.#views = new Views(db, parts)
      const discard = this.#discard = new Discard(parts)
      this.#requests = new ChangeRequests({ db, replay, discard })
      this.#purge = new Purge({ db, totals, keep, keepFailed })
      this.#transaction(() => {
        if (restarted) suspects.resume(held)
        else this.#isRecovering = suspects.recover()
        lanes.recover(held, Date.now())
      })
    } catch (error) {
      this.#lock.close()
      throw error
    }
  }

  get file (): string | undefined {
    return this.#files.identity
  }

  /** Throws a `FileLostError` if its files are not there any more. */
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

  /** Whether there is a change request. To be looked at now and then: it costs next to nothing. */
  hasChangeRequest (): boolean {
    return this.#requests.hasUnanswered()
  }

  run (work: Work): Done {
    return this.#transaction(() => {
      const { now, done, failed, givenBack, settledAt, adds, calls } = work
      this.#events.done(done, now)
      for (const outcome of failed) this.#events.settle(outcome, now)
      this.#lanes.goOn(now) // before the lane whose trial is over
      for (const lane of givenBack) this.#lanes.giveBack(lane)
      this.#lanes.follow(now, settledAt)
      const added = this.#events.add(adds, now)
      this.#ids.merge()
      this.#conversations.merge()
      const results = calls.map((call) => this.#call(call, now))
      this.#lanes.goOn(now) // one that others wait for may be gone
      return { kind: 'done', added, results, nextDue: this.nextDue() }
    })
  }

  /** One call alone. */
  ask<Asked extends Method> (call: CallOf<Asked>): Results[Asked] {
    return this.#transaction(() => this.#call(call, Date.now()))
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

  #call<Asked extends Method> (call: CallOf<Asked>, now: number): Results[Asked] {
    return this.#methods[call.method](call, now)
  }

  #transaction<T> (work: () => T): T {
    this.#begin.run()
    try {
      this.#lanes.look()
      const result = work()
      this.#totals.now.indexed = this.#ids.indexed
      this.#totals.save()
      this.#commit.run()
      this.#lanes.commit()
      this.#ids.commit()
      this.#conversations.commit(this.#totals.now.seq)
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
    this.#conversations.rollback()
    this.#totals.rollback()
    try {
      this.#db.exec('ROLLBACK')
    } catch {
      // A full disk has ended the transaction already.
    }
  }
}
