import { idBytes } from '../../lib/inbox/postgres/ids.ts'

/** In SQL: the short id that a test has given an event, of a row of `events`. */
export const ID = "convert_from(rtrim(id, '\\x00'), 'UTF8')"

/** In SQL: ids as a function takes them. */
export function idArray (...ids: readonly string[]): string {
  return `ARRAY[${ids.map((id) => `'\\x${idBytes(id).toString('hex')}'`).join()}]::bytea[]`
}
