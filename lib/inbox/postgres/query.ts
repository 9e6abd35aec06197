// Only PostgreSQL: it answers over the network, late or never, and in texts. For SQLite's rows see sqlite/store/select.ts.
import { ignore } from '../../errors/error-of.ts'
import { hash } from '../../events/hash.ts'
import { LONGEST_TIMER } from '../../options/check.ts'
import { within } from '../within.ts'
import type { PostgresClient } from './pool.ts'
import { TIMEOUTS } from './timeouts.ts'

/** As long a time as a timer takes, in milliseconds. pg would take 0 for the pool's own timeout. */
export const UNLIMITED = LONGEST_TIMER

/** The values as the server has sent them: what the app has told pg to make of some types is not for us. */
const types = { getTypeParser: () => String }

export type Row = Readonly<Record<string, string | null>>

export interface RunOptions {
  /** Not again if its connection was cut. @default false */
  readonly unlessCut?: boolean
  /** Before the statement is given up, in milliseconds. */
  readonly timeout?: number
  /** It was given up, and the server has run it all the same. */
  readonly onLate?: ((rows: Row[]) => void) | undefined
  /** The connection was lost before the answer was there: the server may have run it. Once for each attempt, also after it was given up. */
  readonly onLost?: (() => void) | undefined
}

/** A statement that a connection prepares when it first runs it. */
export class Statement {
  readonly text: string
  /** The same text has the same name, and no other: the app, or another inbox, may use the same connections. */
  readonly name: string

  constructor (text: string) {
    this.text = text
    this.name = `oneroute_${hash('sha256', text, 'base64url').slice(0, 20)}`
  }
}

/** The numbers of an array as the server writes it: '{1,2,NULL}'. */
export function bigints (array: string | null | undefined): string[] {
  return array === null || array === undefined || array === '{}' ? [] : array.slice(1, -1).split(',')
}

/** Nobody waits for the answer any more. */
export class NoAnswer extends Error {}

/** A callback that does nothing. */
export function nothing (): void {}

/** A statement that was given up. The server may still be at it. */
export interface Unanswered {
  readonly text: string
  readonly answer: Promise<unknown>
  readonly onLost: () => void
}

/** The connections that such a statement is on. */
export const unanswered = new WeakMap<PostgresClient, Unanswered>()

/**
 * After so many milliseconds the statement is given up, and its connection is good for nothing else. If the server has run it all the
 * same, `onLate` is told. Not by pg's own timeout: that one closes the connection, while the server goes on.
 */
export async function query (
  client: PostgresClient, statement: Statement | string, values: unknown[] = [], timeout = TIMEOUTS.answer,
  { onLate = nothing, onLost = nothing }: Pick<RunOptions, 'onLate' | 'onLost'> = {}
): Promise<Row[]> {
  if (unanswered.has(client)) throw new NoAnswer('its connection waits for the answer to another statement')
  const { text, name } = typeof statement === 'string' ? { text: statement } : statement
  const answer = client.query({ text, ...name !== undefined && { name }, values, types, query_timeout: UNLIMITED })
    .then(({ rows }) => rows as Row[]) // as `types` makes them
  return await within(answer, timeout, () => {
    const late = answer.then(onLate)
    late.catch(ignore) // whoever releases the connection sees it
    unanswered.set(client, { text, answer: late, onLost })
    return new NoAnswer(`no answer from PostgreSQL within ${timeout} ms`)
  })
}
