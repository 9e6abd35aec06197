// Only PostgreSQL: a statement runs in the server, which goes on with it when nobody waits any more.
import { within } from '../within.ts'
import type { PostgresClient } from './pool.ts'
import { NoAnswer } from './query.ts'

/** What is looked at of a socket. One that the app has made may be no socket at all. */
interface Stream {
  readonly remoteAddress?: unknown
  readonly remotePort?: unknown
}

/** pg's own, by which it speaks with the server. */
interface Connection {
  connect (port: number | string, host?: string): void
  requestSsl (): void
  cancel (processID: number, secretKey: number): void
  on (event: 'connect' | 'sslconnect' | 'error' | 'end', listener: () => void): unknown
  readonly stream: Stream & { destroy (): unknown }
}

/** What a client of pg has besides. One that is native has not, nor has one that is not of pg. */
interface Cancellable {
  readonly host: string
  readonly port: number
  readonly ssl: unknown
  readonly sslNegotiation?: unknown
  readonly processID: number
  readonly secretKey: number
  readonly connection: { readonly constructor: new (config: object) => Connection, readonly stream: Stream }
}

function isCancellable (client: object): client is Cancellable {
  return 'processID' in client && typeof client.processID === 'number' && 'secretKey' in client && typeof client.secretKey === 'number' && 'connection' in client
}

/** Whether the server has heard that it is to end a statement. After `no` it has not, and will not. After `perhaps` it may, later. */
type Heard = 'yes' | 'no' | 'perhaps'

/** Runs a statement on another connection of the pool. */
export type Run = (text: string, values: unknown[], limit: number) => Promise<unknown>

/** Asks the server to end the statement that this connection has under way, and waits so many milliseconds each time at most. */
export async function cancel (client: PostgresClient, text: string, limit: number, run: Run): Promise<Heard> {
  if (!isCancellable(client)) return 'no'
  const heard = goesByAddress(client) ? await bySecret(client, limit) : 'no'
  return heard === 'no' ? await byStatement(client.processID, text, limit, run) : heard
}

/** Not with a pool that has a `stream` of its own, such as a tunnel: where it leads, only that knows. */
function goesByAddress ({ host, port, connection: { stream } }: Cancellable): boolean {
  return stream.remotePort === (host.startsWith('/') ? undefined : port)
}

/**
 * By the connection's secret, as the protocol has it: that needs no connection of the pool and no password, and goes through a pooler. The
 * secret is for the address that the connection leads to, and for no other.
 */
async function bySecret ({ host, port, ssl, sslNegotiation, processID, secretKey, connection: { constructor: Connection, stream } }: Cancellable, limit: number): Promise<Heard> {
  const connection = new Connection({ ssl, sslNegotiation })
  const { promise: over, resolve, reject } = Promise.withResolvers<Heard>()
  // What is thrown in a listener would end the process.
  const on = (event: 'connect' | 'sslconnect', work: () => void) => connection.on(event, () => {
    try {
      work()
    } catch (error) {
      reject(error)
    }
  })
  const ask = () => {
    if (connection.stream.remoteAddress === stream.remoteAddress) connection.cancel(processID, secretKey)
    else resolve('no')
  }
  connection.on('error', () => { resolve('perhaps') })
  connection.on('end', () => { resolve('yes') }) // the server closes it when it has done so
  if (ssl === false) on('connect', ask)
  else {
    on('connect', () => { if (sslNegotiation !== 'direct') connection.requestSsl() })
    on('sslconnect', ask)
  }
  if (host.startsWith('/')) connection.connect(`${host}/.s.PGSQL.${port}`)
  else connection.connect(port, host)
  return await within(over, limit, () => new Error()).catch((): Heard => 'perhaps').finally(() => { connection.stream.destroy() })
}

/**
 * The number that a pooler gives is not the server's, so that it might be somebody else's: the statement has to be the same. Of a long
 * one, the server shows the beginning.
 */
const CANCEL = `SELECT pg_catalog.pg_cancel_backend(pid) FROM pg_catalog.pg_stat_activity
  WHERE pid = $1 AND datname = pg_catalog.current_database() AND usename = session_user AND state = 'active' AND query <> '' AND pg_catalog.starts_with($2, query)`

async function byStatement (processID: number, text: string, limit: number, run: Run): Promise<Heard> {
  return await run(CANCEL, [processID, text], limit).then((): Heard => 'yes', (error: unknown) => error instanceof NoAnswer ? 'perhaps' : 'no')
}
