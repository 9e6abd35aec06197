import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Results } from '../messages.ts'

/** A request is carried out no later than this, in milliseconds: who asked is gone by then, and nobody expects it any more. */
export const ASKED_FOR = 60_000
/** An answer that nobody has fetched stays so long, in milliseconds. */
const ANSWERED_FOR = 3_600_000

/**
 * Where other processes ask the one that has the file for replays: a row each, with the ids as JSON, and in the end how many it were.
 * Who asks removes it; what is left of those who have been killed goes when the next one asks.
 */
export class Mailbox {
  /** Of another connection's last transaction. Of this one's own it tells nothing. */
  #version: unknown
  #isOpen = true
  readonly #statements: Record<'version' | 'first' | 'drop' | 'answer', StatementSync>

  constructor (db: DatabaseSync) {
    this.#statements = {
      version: db.prepare('PRAGMA data_version'),
      first: db.prepare("SELECT request, iif(json_valid(ids), iif(json_type(ids) = 'array', ids, '[]'), '[]') AS ids FROM replays WHERE count IS NULL ORDER BY request LIMIT 1"),
      drop: db.prepare('DELETE FROM replays WHERE asked < ? - iif(count IS NULL, ?, ?)'),
      answer: db.prepare('UPDATE replays SET count = ? WHERE request = ?')
    }
  }

  /** Looks only if another process has written since it found nothing. */
  hasMail (): boolean {
    const version = this.#statements.version.get()?.data_version
    if (version === this.#version && !this.#isOpen) return false
    this.#version = version
    this.#isOpen = this.#statements.first.get() !== undefined
    return this.#isOpen
  }

  /** Within a transaction of the caller's. */
  answer (now: number, replay: (ids: readonly string[]) => Results['replay']): Results['replay'] {
    const { drop, first, answer } = this.#statements
    drop.run(now, ASKED_FOR, ANSWERED_FOR)
    const row = first.get()
    if (row === undefined) return { count: 0, lanes: [] }
    const ids = (JSON.parse(String(row.ids)) as unknown[]).map(String) // an array, as the statement says
    const result = replay(ids)
    answer.run(result.count, Number(row.request))
    return result
  }
}
