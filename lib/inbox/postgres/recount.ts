// Only PostgreSQL: an operator may delete rows there by hand, and then the counts are wrong.
import { quoted } from './identifiers.ts'
import type { Row } from './query.ts'

/** What was wrong in the database. Nothing was if all of it is 0. */
export interface Recounted {
  /** By how much each count has changed. */
  readonly pending: number
  readonly done: number
  readonly dead: number
  readonly invalid: number
  /** Rows of events that are gone: they were removed. */
  readonly removed: number
  /** Events of which nothing said what had become of them: they are dead now. */
  readonly stateless: number
  /** Lanes whose pending events nobody would have come upon. */
  readonly lanes: number
}

/** Puts the counts right, and what else an operator may have put wrong by hand. */
export async function recount (schema: string, one: (statement: string) => Promise<Row>): Promise<Recounted> {
  const { pending, done, dead, invalid, removed, stateless, lanes } = await one(`SELECT * FROM ${quoted(schema)}.recount()`)
  return {
    pending: Number(pending),
    done: Number(done),
    dead: Number(dead),
    invalid: Number(invalid),
    removed: Number(removed),
    stateless: Number(stateless),
    lanes: Number(lanes)
  }
}

export function isRight (recounted: Recounted): boolean {
  return Object.values(recounted).every((count) => count === 0)
}

/** Whether what `stats` has read can be right, as far as one sees without counting: what is pending has a body. */
export function mayBeRight ({ pending, failing, done, dead, invalid, oldest, oldest_seq: seq }: Row): boolean {
  const isPending = Number(pending) > 0
  return [pending, done, dead, invalid].every((count) => Number(count) >= 0) && Number(failing) <= Number(pending) &&
    isPending === (seq !== null) && isPending === (oldest !== null)
}
