import { within } from './limits.ts'
import type { PostgresClient } from './pool.ts'

/** pg's own, by which it speaks with the server. */
interface Connection {
  connect (port: number | string, host?: string): void
  requestSsl (): void
  cancel (processID: number, secretKey: number): void
  on (event: 'connect' | 'sslconnect' | 'error' | 'end', listener: () => void): unknown
  readonly stream: { destroy (): unknown }
}

/** What a client of pg has besides. One that is native has not, nor has one that is not of pg. */
interface Cancellable {
  readonly host: string
  readonly port: number
  readonly ssl: unknown
  readonly sslNegotiation?: unknown
  readonly processID: number
  readonly secretKey: number
  readonly connection: { readonly constructor: new (config: object) => Connection }
}

function isCancellable (client: object): client is Cancellable {
  return 'processID' in client && typeof client.processID === 'number' && 'secretKey' in client && typeof client.secretKey === 'number' && 'connection' in client
}

/**
 * Asks the server to end what this connection has under way, and returns whether it has heard of it. It is asked by the
 * connection's secret, as the protocol has it: that needs no connection of the pool and no password, and goes through a pooler. The number
 * that a pooler gives is not the server's: `pg_cancel_backend` might cancel somebody else.
 */
export async function cancel (client: PostgresClient, limit: number): Promise<boolean> {
  if (!isCancellable(client)) return false
  const { host, port, ssl, sslNegotiation, processID, secretKey, connection: { constructor: Connection } } = client
  const connection = new Connection({ ssl, sslNegotiation })
  const { promise: over, resolve } = Promise.withResolvers<boolean>()
  const ask = () => { connection.cancel(processID, secretKey) }
  connection.on('error', () => { resolve(false) })
  connection.on('end', () => { resolve(true) }) // the server closes it when it has done so
  if (ssl === false) connection.on('connect', ask)
  else {
    connection.on('connect', () => { if (sslNegotiation !== 'direct') connection.requestSsl() })
    connection.on('sslconnect', ask)
  }
  if (host.startsWith('/')) connection.connect(`${host}/.s.PGSQL.${port}`)
  else connection.connect(port, host)
  return await within(over, limit, () => new Error('the server has not heard of it')).catch(() => false).finally(() => { connection.stream.destroy() })
}
