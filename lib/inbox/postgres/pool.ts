// Only PostgreSQL: it has a server to connect to.
import { ignore } from '../../errors/error-of.ts'
import { InboxUnusableError } from '../../errors/errors.ts'
import { TIMEOUTS } from './timeouts.ts'

/** For two streams of work, somebody who listens, and somebody who looks. */
const CONNECTIONS = 4

export interface PostgresQuery {
  readonly text: string
  readonly values?: unknown[]
  /** Of a prepared statement. */
  readonly name?: string
  readonly query_timeout?: number
  readonly types?: { getTypeParser (): (value: string) => string }
}

/** What is used of a client of pg. */
export interface PostgresClient {
  query (query: PostgresQuery): Promise<{ rows: unknown[] }>
  /** With an error or `true`, the connection is closed. */
  release (error?: Error | boolean): void
  on (event: 'error', listener: (error: Error) => void): unknown
  on (event: 'notification', listener: (message: { payload?: string | undefined }) => void): unknown
  removeListener (event: 'error', listener: (error: Error) => void): unknown
}

/** What is used of a pool of pg. Not its own type: that one is only there where its types are installed. */
export interface PostgresPool {
  connect (): Promise<PostgresClient>
  on (event: 'error', listener: (error: Error) => void): unknown
  on (event: 'acquire', listener: (client: PostgresClient) => void): unknown
  removeListener (event: 'error', listener: (error: Error) => void): unknown
  removeListener (event: 'acquire', listener: (client: PostgresClient) => void): unknown
  readonly options?: { readonly max?: number | undefined }
}

/** What an inbox is told to use. */
export type PoolSource = { readonly pool: PostgresPool } | { readonly connectionString: string }

interface OpenPool {
  readonly pool: PostgresPool
  readonly close: () => Promise<void>
}

/** Brings the package pg, of which no more than this is used. */
type Load = () => Promise<{ default: { Pool: new (config: object) => PostgresPool & { end (): Promise<void> } } }>

/** The pool that was passed, or one of our own, which is closed in the end. */
export async function openPool (source: PoolSource, schema: string, load: Load = async () => await import('pg')): Promise<OpenPool> {
  if ('pool' in source) return { pool: source.pool, close: async () => {} }
  const { connectionString } = source
  const { default: pg } = await load().catch(() => {
    throw new InboxUnusableError(schema, "a `connectionString` needs the package 'pg', which is not installed")
  })
  const pool = new pg.Pool({
    application_name: 'fastify-oneroute-webhooks', connectionString, max: CONNECTIONS, connectionTimeoutMillis: TIMEOUTS.connect, keepAlive: true
  })
  pool.on('error', ignore) // whoever used the connection learns of it; also after the end, when connections may still be cut
  return { pool, close: async () => { await pool.end() } }
}
