// Only PostgreSQL: the connection, and what other processes do, fail in many ways. In a SQLite file only one process delivers.
import { codeOf } from '../../errors/error-of.ts'
import { withoutPasswords } from '../../errors/url-passwords.ts'

/** What an error of pg means for what was asked. */
interface ErrorKind {
  /** The connection is of no use any more. */
  readonly lost: boolean
  /** The same may go well at once. */
  readonly again: boolean
}

/** The SQLSTATE of a right that the role does not have. */
export const NOT_ALLOWED = '42501'
/** Serialisation failure and deadlock: somebody else was quicker. */
const COLLISIONS = new Set(['40001', '40P01'])
/** A server that has become one that is only read, and those that shut down, crashed or have just started. */
const OTHER_SERVER = /^(25006|57P0.)$/
/** A prepared statement that is not there, or is there already: the connection has a part of another one behind it. */
const UNPREPARED = new Set(['26000', '42P05'])
/** A lock was not to be had in time, and somebody, or a time limit, has cancelled the statement. */
const WAITED = new Set(['55P03', '57014'])
const SQLSTATE = /^[0-9A-Z]{5}$/

/** Errors of the server have an SQLSTATE; all others are of the connection, or of waiting for it in vain. */
export function errorKindOf (error: unknown): ErrorKind {
  const code = codeOf(error)
  if (COLLISIONS.has(code)) return { lost: false, again: true }
  const lost = !SQLSTATE.test(code) || OTHER_SERVER.test(code)
  return { lost, again: isCut(error, code) }
}

/** Whether a statement was not run for its name alone. */
export function isUnprepared (error: unknown): boolean {
  return UNPREPARED.has(codeOf(error))
}

/** Whether others would wait for the same in vain: a connection, an answer, or a lock. Or somebody has cancelled it, as it took too long. */
export function isStuck (error: unknown): boolean {
  return errorKindOf(error).lost || WAITED.has(codeOf(error))
}

/** A connection that was there and broke: with another one it may work, and if not, to connect fails. */
function isCut (error: unknown, code: string): boolean {
  return code === '57P01' || (error instanceof Error && /^Connection terminated|^Client has encountered a connection error|read ECONNRESET|write EPIPE/.test(error.message))
}

/** What has gone wrong, for people. Some errors of Node have only a code. */
export function reasonOf (error: unknown): string {
  if (!(error instanceof Error)) return withoutPasswords(String(error))
  return error.message === '' ? codeOf(error) : withoutPasswords(error.message)
}
