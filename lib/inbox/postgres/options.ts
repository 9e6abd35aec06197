import { InvalidOptionError } from '../../errors/errors.ts'
import { ENCODED, looksLikeAddress } from '../../errors/url-passwords.ts'
import { check, duration, integer, isObject } from '../../options/check.ts'
import type { Filled, Rule } from '../../options/check.ts'
import { isConnectionString } from './connection-string.ts'
import type { PoolSource, PostgresPool } from './pool.ts'

export interface PostgresInboxOptions {
  /** A `Pool` of the package pg, or of one that is like it. It stays yours: it is never closed. */
  pool?: PostgresPool
  /** Instead of a pool, where the server is: 'postgres://user:password@host/database'. */
  connectionString?: string | undefined
  /** The schema that the tables are in. It is made if it does not exist. @default 'oneroute_webhooks' */
  schema?: string | undefined
  /** How long done events stay, to drop repeats, to be looked at and replayed, in milliseconds. @default 259200000 (3 days) */
  keep?: number | undefined
  /** How long dead and invalid events stay, in milliseconds. @default 2592000000 (30 days) */
  keepFailed?: number | undefined
  /** How long after its last sign of life the conversations of a process are taken over by others, in milliseconds. @default 30000 */
  lease?: number | undefined
}

export interface ResolvedPostgresOptions extends Filled<Pick<PostgresInboxOptions, 'schema' | 'keep' | 'keepFailed' | 'lease'>> {
  readonly source: PoolSource
}

/** What PostgreSQL takes for a name, in bytes: it would cut off the rest in silence. */
const LONGEST_NAME = 63

/** What a schema may be called. */
export const SCHEMA: Rule = {
  // `$` would end a function's text, and the server keeps `pg_` for itself.
  fits: (value) => typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= LONGEST_NAME && !/[$\0]|^pg_/.test(value) && value.isWellFormed() && !looksLikeAddress(value),
  must: `be a name of at most ${LONGEST_NAME} bytes, without '$', that does not begin with 'pg_', and no address`
}

const RULES: Record<keyof PostgresInboxOptions, Rule> = {
  pool: {
    fits: (value) => isObject(value) && typeof value.connect === 'function' && typeof value.on === 'function',
    must: 'be a Pool of the package pg',
    secret: true
  },
  connectionString: {
    fits: (value) => typeof value === 'string' && isConnectionString(value),
    must: `be a text such as 'postgres://user@host/database' (${ENCODED})`,
    secret: true
  },
  schema: SCHEMA,
  keep: integer(0),
  keepFailed: integer(0),
  lease: duration(1_000)
}

export function resolvePostgresOptions (options: PostgresInboxOptions): ResolvedPostgresOptions {
  check("postgresInbox's options", options, RULES)
  const { schema = 'oneroute_webhooks', keep = 259_200_000, keepFailed = 2_592_000_000, lease = 30_000 } = options
  return { source: sourceOf(options), schema, keep, keepFailed, lease }
}

/** A key that is given but undefined is a variable that is not set: it must not pass for the other way. */
function sourceOf (options: PostgresInboxOptions): PoolSource {
  const { pool, connectionString } = options
  if ('pool' in options === 'connectionString' in options) {
    throw new InvalidOptionError("postgresInbox's options must have either `pool` or `connectionString`")
  }
  if (pool !== undefined) return { pool }
  if (connectionString !== undefined) return { connectionString: connectionString.trim() }
  const name = 'pool' in options ? 'pool' : 'connectionString'
  throw new InvalidOptionError(`\`${name}\` of postgresInbox's options must ${RULES[name].must}, got undefined`)
}
