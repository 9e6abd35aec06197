import { realpathSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { DatabaseSync } from 'node:sqlite'
import { LockedError } from './store/lock.ts'
import { Store } from './store/store.ts'
import { UnusableError } from './store/unusable-error.ts'

/** Between two looks for the answer, in milliseconds. */
const LOOK_EVERY = 20
/** Between two looks whether anybody has the file, in milliseconds. */
const TRY_EVERY = 500
/** Before whoever has the file is given up, in milliseconds: less than a request is good for. */
const PATIENCE = 30_000

const NOTHING = { done: [], failed: [], givenBack: [], adds: { rows: [], bodies: new Uint8Array(0) } }

/**
 * Replays events of a file that another process may have. That one is asked, and answers within a second; if nobody has the file,
 * it is this one's for a moment. Rejects when `signal` is aborted, unless it is too late by then, and if it cannot be done: then
 * nothing of it is done later either.
 */
export async function replayBeside (path: string, ids: readonly string[], signal: AbortSignal, patience = PATIENCE): Promise<number> {
  const request = new ReplayRequest(path, ids)
  try {
    return await answerTo(request, path, signal, patience)
  } finally {
    request.close()
  }
}

async function answerTo (request: ReplayRequest, path: string, signal: AbortSignal, patience: number): Promise<number> {
  try {
    return await waitFor(request, path, signal, patience)
  } catch (error) {
    const count = request.withdraw()
    if (count === undefined) throw error
    return count
  }
}

async function waitFor (request: ReplayRequest, path: string, signal: AbortSignal, patience: number): Promise<number> {
  const start = Date.now()
  let nextTry = start
  for (;;) {
    const count = request.answer()
    if (count !== undefined) return count
    const now = Date.now()
    if (now - start > patience) throw new UnusableError('the process that has it does not answer')
    if (now >= nextTry) {
      if (answerAsOwner(path)) continue
      nextTry = now + TRY_EVERY
    }
    await wait(LOOK_EVERY, undefined, { signal })
  }
}

/** Answers what is asked next if nobody has the file. */
function answerAsOwner (path: string): boolean {
  try {
    const store = new Store({ kind: 'open', path, keep: Number.MAX_SAFE_INTEGER, maxBacklog: 1, held: [], again: true }, 0)
    try {
      store.run({ kind: 'work', now: Date.now(), ...NOTHING, calls: [{ method: 'answer' }] })
    } finally {
      store.close()
    }
    return true
  } catch (error) {
    if (error instanceof LockedError) return false
    throw error
  }
}

/** A row of `replays`, from when it is asked to when its answer is fetched. */
class ReplayRequest {
  readonly #db: DatabaseSync
  readonly #number: number

  constructor (path: string, ids: readonly string[]) {
    const db = this.#db = new DatabaseSync(realpathSync(path))
    try {
      db.exec('PRAGMA busy_timeout = 5000; PRAGMA synchronous = FULL')
      const { lastInsertRowid } = db.prepare('INSERT INTO replays (asked, ids) VALUES (?, ?)').run(Date.now(), JSON.stringify(ids))
      this.#number = Number(lastInsertRowid)
    } catch (error) {
      db.close()
      throw error
    }
  }

  /** How many were replayed, if that is known. */
  answer (): number | undefined {
    const row = this.#db.prepare('SELECT count FROM replays WHERE request = ?').get(this.#number)
    if (row === undefined) throw new UnusableError('what was asked is too old by now to be done')
    return row.count === null ? undefined : Number(row.count)
  }

  /** Says how many were replayed if it is too late. */
  withdraw (): number | undefined {
    const removed = this.#db.prepare('DELETE FROM replays WHERE request = ? RETURNING count').get(this.#number)
    return typeof removed?.count === 'number' ? removed.count : undefined
  }

  close (): void {
    this.withdraw()
    this.#db.close()
  }
}
