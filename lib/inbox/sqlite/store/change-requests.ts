// Only SQLite: see request-change.ts.
import type { DatabaseSync } from 'node:sqlite'
import { isObject } from '../../../options/check.ts'
import type { ChangeRequest, ChangeResult, Results } from '../messages.ts'
import type { Discard } from './discard.ts'
import type { Replay } from './replay.ts'
import { select } from './select.ts'

/** A change request is carried out no later than this, in milliseconds: who asked is gone by then, and nobody expects it any more. */
export const VALID_FOR = 60_000
/** An answer that nobody has fetched stays so long, in milliseconds. */
const ANSWER_KEPT_FOR = 3_600_000

interface Parts {
  readonly db: DatabaseSync
  readonly replay: Replay
  readonly discard: Discard
}

/** As it is stored. */
export interface StoredRequest {
  action: string
  /** JSON. */
  argument: string
}

/** A request to forget a lane, as far as it was carried out. Without a lane: all of it is removed. */
interface Forgetting {
  readonly action: 'forget'
  readonly lane?: string
  readonly after?: number
  readonly count?: number
}

const NOTHING: Results['carryOut'] = { isMore: false, lanes: [], pending: [] }

/**
 * Where other processes request changes from the one that has the file. Each request is a row, which has the answer in the end: how many
 * events it were, or why it could not be done. The process that has requested it removes the row. The rows of processes that were killed
 * are removed when another request is carried out.
 */
export class ChangeRequests {
  /** Of another connection's last transaction. Of this one's own it tells nothing. */
  #version: unknown
  #hasUnanswered = true
  readonly #parts: Parts
  readonly #statements: ReturnType<typeof prepare>

  constructor (parts: Parts) {
    this.#parts = parts
    this.#statements = prepare(parts.db)
  }

  /** Looks only if another process has written since it found nothing. */
  hasUnanswered (): boolean {
    const version = this.#statements.version.get()?.data_version
    if (version === this.#version && !this.#hasUnanswered) return false
    this.#version = version
    this.#hasUnanswered = this.#statements.first.get() !== undefined
    return this.#hasUnanswered
  }

  /** Carries out the oldest request, or a part of it if it takes long. Within a transaction of the caller's, as all of this. */
  carryOut (now: number): Results['carryOut'] {
    const { drop, first } = this.#statements
    drop.run(now, VALID_FOR, ANSWER_KEPT_FOR)
    const row = first.get()
    if (row === undefined) return NOTHING
    const { request } = row
    const change = changeOf(row)
    switch (change?.action) {
      case 'replay': {
        const { count, lanes } = this.#parts.replay.replay(change.ids, change.all)
        this.answer({ request, count })
        return { isMore: true, lanes, pending: [] }
      }
      case 'discard': {
        const { count, pending } = this.#parts.discard.discard(change.ids)
        this.answer({ request, count })
        return { isMore: true, lanes: [], pending }
      }
      case 'forget': return this.#forget(request, change, now)
      default: this.answer({ request, error: 'the process that has it does not know what was asked' })
    }
    return { ...NOTHING, isMore: true }
  }

  answer ({ request, count, error }: ChangeResult): void {
    this.#statements.answer.run(count ?? null, error ?? null, request)
  }

  /** How far it is stands in the row: whoever has the file then goes on. In the end the row does not name the lane any more. */
  #forget (request: number, { lane, after = 0, count = 0 }: Forgetting, now: number): Results['carryOut'] {
    if (lane === undefined) return { ...NOTHING, isMore: true, removed: { request, count } }
    const step = this.#parts.discard.forget(lane, after)
    const sum = count + step.count
    const next = step.after === null ? { count: sum } : { lane, after: step.after, count: sum }
    this.#statements.advance.run(now, JSON.stringify(next), request)
    return { ...NOTHING, isMore: true, pending: step.pending }
  }
}

/** Whether it is a row of a `forget` whose events are removed: what is left to do is to write the file anew. */
export function isRemoved (row: StoredRequest): boolean {
  const change = changeOf(row)
  return change?.action === 'forget' && change.lane === undefined
}

/** Undefined if it is not one that this version knows. */
function changeOf ({ action, argument }: StoredRequest): Exclude<ChangeRequest, { action: 'forget' }> | Forgetting | undefined {
  const given = parsed(argument)
  if (!isObject(given)) return undefined
  const { ids, all, lane, after, count } = given
  if ((action === 'replay' || action === 'discard') && Array.isArray(ids)) return { action, ids: ids.map(String), all: all === true }
  if (action !== 'forget') return undefined
  return {
    action,
    ...(typeof lane === 'string' && { lane }),
    ...(typeof after === 'number' && { after }),
    ...(typeof count === 'number' && { count })
  }
}

function parsed (json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

function prepare (db: DatabaseSync) {
  return {
    version: select<{ data_version: number }>(db, 'PRAGMA data_version'),
    first: select<StoredRequest & { request: number }>(db, 'SELECT request, action, argument FROM change_requests WHERE count IS NULL AND error IS NULL ORDER BY request LIMIT 1'),
    drop: db.prepare('DELETE FROM change_requests WHERE asked < ? - iif(count IS NULL AND error IS NULL, ?, ?)'),
    advance: db.prepare('UPDATE change_requests SET asked = ?, argument = ? WHERE request = ?'),
    answer: db.prepare("UPDATE change_requests SET count = ?, error = ?, argument = '' WHERE request = ?")
  }
}
