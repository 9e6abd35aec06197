import { ENCODED, inQuotes, looksLikeAddress } from '../../errors/url-passwords.ts'
import { isConnectionString } from '../../inbox/postgres/connection-string.ts'
import { SCHEMA } from '../../inbox/postgres/options.ts'
import { UsageError } from '../usage-error.ts'

export function isPostgres (db: string): boolean {
  return /^postgres(ql)?:\/\//i.test(db)
}

/** The file or the address of an inbox. What was meant as an address never becomes the name of a file, which everybody would see. */
export function checkedDb (what: string, given: string): string {
  const db = given.trim()
  if (!isPostgres(db)) {
    if (!looksLikeAddress(given)) return given
    throw new UsageError(`${what} must be a SQLite file, or an address such as postgres://user@host/database, got ${inQuotes(given)}`)
  }
  if (!isConnectionString(db)) throw new UsageError(`${what} is an address that cannot be read, ${inQuotes(db)}: ${ENCODED}`)
  return db
}

export function checkedSchema (given: string): string {
  if (looksLikeAddress(given)) throw new UsageError(`--schema must be the name of a schema, got ${inQuotes(given)}: the address of a server belongs to --db`)
  return given
}

/** Of a schema that may have to be made. */
export function checkedNewSchema (given: string): string {
  const schema = checkedSchema(given)
  if (!SCHEMA.fits(schema)) throw new UsageError(`--schema must ${SCHEMA.must}, got ${inQuotes(schema)}`)
  return schema
}
