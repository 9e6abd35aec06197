// Only SQLite: a file has one owner, who has to be asked. With PostgreSQL, the command line changes events itself (postgres/views.ts).
import { realpathSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import type { ChangeRequest } from './messages.ts'
import { isRemoved } from './store/change-requests.ts'
import type { StoredRequest } from './store/change-requests.ts'
import { LockedError } from './store/file-lock.ts'
import { UnusableError } from './store/files.ts'
import { select } from './store/select.ts'
import { Store } from './store/store.ts'
import { emptyLog, PATIENCE_TO_WRITE, untilEmpty } from './store/write-ahead-log.ts'

/** Between two looks for the answer, in milliseconds. */
const LOOK_EVERY = 20
/** Between two looks whether anybody has the file, in milliseconds. */
const TRY_EVERY = 500
/** Before whoever has the file is given up, in milliseconds: less than a request is valid for. */
const PATIENCE = 30_000
/** The same while that one writes the file anew: a step that nothing can be seen of, and 10 to 20 seconds a GB. */
const PATIENCE_TO_REWRITE = 600_000
/** In milliseconds: an app that starts waits longer for the file, though not always until a large one is written anew. */
const OWNED_FOR = 300
/** For the one that writes while the log is to be emptied, in milliseconds: as long as most transactions take. */
const PATIENCE_TO_EMPTY = 20

const NOT_REWRITTEN = 'the events are removed, but it is not written anew yet, so that it still has copies of them: forget the conversation again later'

/**
 * Changes events of a file that another process may have. That one is asked, and answers within a second; if nobody has the file, it
 * is this one's for a moment, or until it is written anew. Resolves to how many events it were; after a `forget`, nothing of them is left
 * in the file. Rejects when `signal` is aborted, unless it is too late by then, and if it cannot be done: then nothing of it is done later
 * either, unless the file is so busy that the request cannot be withdrawn.
 */
export async function requestChange (path: string, change: ChangeRequest, signal: AbortSignal, patience = PATIENCE): Promise<number> {
  const request = new PendingRequest(path, change)
  try {
    const count = await answerTo(request, path, signal, patience)
    if (change.action === 'forget') await untilEmpty(() => request.emptyLog(), { patience, signal })
    return count
  } finally {
    request.close()
  }
}

async function answerTo (request: PendingRequest, path: string, signal: AbortSignal, patience: number): Promise<number> {
  try {
    const count = await waitFor(request, path, signal, patience)
    request.withdraw()
    return count
  } catch (error) {
    const count = request.withdraw()
    if (count === undefined) throw error
    return count
  }
}

async function waitFor (request: PendingRequest, path: string, signal: AbortSignal, patience: number): Promise<number> {
  let nextTry = 0
  for (;;) {
    const count = request.answer()
    if (count !== undefined) return count
    const now = Date.now()
    if (now - request.lastStep > (request.isRemoved ? PATIENCE_TO_REWRITE : patience)) throw request.failure('the process that has it does not answer')
    if (now >= nextTry) {
      if (carryOutAsOwner(path)) continue
      nextTry = now + TRY_EVERY
    }
    await wait(LOOK_EVERY, undefined, { signal })
  }
}

/** Carries out the oldest request, or a part of it if it takes long, if nobody has the file. */
function carryOutAsOwner (path: string): boolean {
  try {
    const store = new Store({
      kind: 'open', path, keep: Number.MAX_SAFE_INTEGER, keepFailed: Number.MAX_SAFE_INTEGER, maxBacklog: 1, held: [], again: true
    }, 0)
    try {
      const end = Date.now() + OWNED_FOR
      while (carryOutNext(store) && Date.now() < end);
    } finally {
      store.close()
    }
    return true
  } catch (error) {
    if (error instanceof LockedError) return false
    throw error
  }
}

function carryOutNext (store: Store): boolean {
  const { isMore, removed } = store.ask({ method: 'carryOut' })
  if (removed !== undefined) {
    store.tidy(true)
    store.ask({ method: 'answer', answer: removed })
  }
  return isMore
}

interface Answer extends StoredRequest {
  asked: number
  count: number | null
  error: string | null
}

/** A row of `change_requests`, from when it is asked to when its answer is fetched. */
class PendingRequest {
  readonly #db: DatabaseSync
  readonly #number: number
  /** When it was asked, or a part of it was done. */
  lastStep = Date.now()
  /** Whether the events are removed, and what is left to do is to write the file anew. */
  isRemoved = false

  constructor (path: string, { action, ...argument }: ChangeRequest) {
    const db = this.#db = new DatabaseSync(realpathSync(path))
    try {
      db.exec(`PRAGMA busy_timeout = ${PATIENCE_TO_WRITE}; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON`)
      const { lastInsertRowid } = db.prepare('INSERT INTO change_requests (asked, action, argument) VALUES (?, ?, ?)')
        .run(this.lastStep, action, JSON.stringify(argument))
      this.#number = Number(lastInsertRowid)
    } catch (error) {
      db.close()
      throw error
    }
  }

  /** How many events it were, if that is known. */
  answer (): number | undefined {
    const row = select<Answer>(this.#db, 'SELECT asked, action, argument, count, error FROM change_requests WHERE request = ?').get(this.#number)
    if (row === undefined) throw this.failure('what was asked is too old by now to be done')
    if (row.error !== null) throw new UnusableError(row.error)
    this.lastStep = row.asked
    this.isRemoved = isRemoved(row)
    return row.count ?? undefined
  }

  failure (ofAll: string): Error {
    return new UnusableError(this.isRemoved ? NOT_REWRITTEN : ofAll)
  }

  /** Says how many it were if it is too late. If another writes all the time, it stays until it is too old. */
  withdraw (): number | undefined {
    try {
      const removed = this.#db.prepare('DELETE FROM change_requests WHERE request = ? RETURNING count').get(this.#number)
      return typeof removed?.count === 'number' ? removed.count : undefined
    } catch {
      return undefined
    }
  }

  emptyLog (): boolean {
    return emptyLog(this.#db, PATIENCE_TO_EMPTY)
  }

  close (): void {
    this.#db.close()
  }
}
