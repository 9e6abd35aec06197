// Only PostgreSQL: the name of its schema is an option, and its indexes take no long texts.
import { hash } from '../../events/hash.ts'
import { wellFormed } from '../sql/well-formed.ts'

/** A longer one is not indexed by PostgreSQL. */
const LONGEST_KEY = 500

export function quoted (name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** A text of any length as one that can be found by an index: shortened, and still its own. */
export function keyOf (value: string): string {
  const key = wellFormed(value)
  if (key.length <= LONGEST_KEY) return key
  return `${key.slice(0, LONGEST_KEY - 64).toWellFormed()}…${hash('sha256', key, 'base64url')}`
}
