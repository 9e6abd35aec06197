// Only PostgreSQL: it has ids as 32 bytes, for an index of them. SQLite has texts, and an index of a part of each (store/known-ids.ts).
import { keyOf } from './identifiers.ts'

/** Bytes of the ids that events have: a SHA-256. */
const LENGTH = 32

/** An id as it is stored: the bytes that it stands for, or, longer than those, the text that it is. */
export function idBytes (id: string): Buffer {
  const bytes = Buffer.from(id, 'base64url')
  if (bytes.length === LENGTH && bytes.toString('base64url') === id) return bytes
  const text = Buffer.from(keyOf(id))
  return Buffer.concat([text], Math.max(text.length, LENGTH + 1))
}

/** An id that the server has sent in hexadecimal digits. */
export function idOf (digits: string | null | undefined): string {
  const bytes = Buffer.from(String(digits), 'hex')
  return bytes.length === LENGTH ? bytes.toString('base64url') : bytes.toString().replace(/\0+$/, '')
}

/** Ids that are between two, in the order of their bytes. */
export interface IdRange {
  readonly first: Buffer
  readonly last: Buffer
  /** A condition of SQL. */
  readonly length: string
}

/** The ids that begin with these characters: those that are texts, and those that stand for bytes, unless none of them begins so. */
export function idRanges (prefix: string): IdRange[] {
  const length = Math.ceil(LENGTH * 8 / 6)
  const filled = (digit: string) => Buffer.from(prefix.padEnd(length, digit).slice(0, length), 'base64url')
  const text = Buffer.from(prefix)
  const texts = { first: text, last: Buffer.concat([text, Buffer.from([0xff])]), length: `> ${LENGTH}` }
  const [first, last] = [filled('A'), filled('_')]
  return first.toString('base64url').startsWith(prefix) ? [texts, { first, last, length: `= ${LENGTH}` }] : [texts]
}
