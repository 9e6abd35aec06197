import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import pg from 'pg'
import type { Test } from 'tap'

/** Connections to the server. */
const SIZE = 2

const CANCEL = 80_877_102
const TERMINATE = 'X'
/** After these, the server says that it is ready. */
const ENDS_TURN = new Set(['Q', 'S'])
const READY = 'Z'
const IDLE = 'I'
/** Bytes before what a message says: its type and its length. */
const HEADER = 5

/** A connection to the server, and the client that it is at work for. */
interface Backend {
  readonly socket: Socket
  readonly pid: number
  readonly key: number
  client: Client | undefined
}

interface Client {
  readonly socket: Socket
  readonly number: number
  /** What waits for a backend. */
  waiting: Buffer[]
  backend: Backend | undefined
  /** Turns of which the server is not through. */
  turns: number
}

/** What pg's client has and its types do not show. */
interface Inner {
  readonly processID: number
  readonly secretKey: number
  readonly connection: { readonly stream: Socket }
}

/**
 * A pooler in transaction mode, as a PgBouncer that knows nothing of prepared statements: each transaction of a client is for another
 * connection to the server than the one before, if possible. The numbers that it gives its clients are not the server's.
 */
export class Pooler {
  readonly #url: string
  readonly #idle: Backend[] = []
  readonly #clients = new Map<number, Client>()
  readonly #queue: Client[] = []
  #count = 0

  private constructor (url: string) {
    this.#url = url
  }

  /** Returns the address of the same database through a pooler. */
  static async open (t: Test, url: string): Promise<string> {
    const pooler = new Pooler(url)
    for (let i = 0; i < SIZE; i++) await pooler.#connect(t)
    const server = createServer((socket) => { pooler.#greet(socket) })
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
    t.teardown(() => {
      server.close()
      for (const { socket } of pooler.#clients.values()) socket.destroy()
    })
    const there = new URL(url)
    there.port = String((server.address() as AddressInfo).port) // it listens on a port
    return there.href
  }

  async #connect (t: Test): Promise<void> {
    const client = new pg.Client(this.#url)
    await client.connect()
    const { processID: pid, secretKey: key, connection: { stream: socket } } = client as unknown as Inner // as pg has it
    // From here on, the socket is the pooler's.
    for (const event of ['data', 'error', 'end', 'close']) socket.removeAllListeners(event)
    socket.on('error', () => {})
    t.teardown(() => { socket.destroy() })
    const backend: Backend = { socket, pid, key, client: undefined }
    onMessages(socket, (type, message) => { this.#fromServer(backend, type, message) })
    this.#idle.push(backend)
  }

  #greet (socket: Socket): void {
    socket.on('error', () => {})
    socket.once('data', (first) => {
      if (first.readInt32BE(4) === CANCEL) {
        this.#cancel(first.readInt32BE(8), socket)
        return
      }
      const client: Client = { socket, number: ++this.#count, waiting: [], backend: undefined, turns: 0 }
      this.#clients.set(client.number, client)
      socket.on('close', () => { this.#leave(client) })
      onMessages(socket, (type, message) => { this.#fromClient(client, type, message) })
      socket.write(Buffer.concat([messageOf('R', ints(0)), messageOf('K', ints(client.number, 0)), messageOf(READY, Buffer.from(IDLE))]))
    })
  }

  #leave (client: Client): void {
    this.#clients.delete(client.number)
    const place = this.#queue.indexOf(client)
    if (place !== -1) this.#queue.splice(place, 1)
  }

  #fromClient (client: Client, type: string, message: Buffer): void {
    if (type === TERMINATE) return
    if (ENDS_TURN.has(type)) client.turns++
    if (client.backend !== undefined) {
      client.backend.socket.write(message)
      return
    }
    if (client.waiting.length === 0) this.#queue.push(client)
    client.waiting.push(message)
    this.#serve()
  }

  /** First come, first served, by the connection that has been idle for the longest time. */
  #serve (): void {
    while (this.#queue.length > 0) {
      const backend = this.#idle.shift()
      if (backend === undefined) return
      const client = this.#queue.shift() as Client // there is one
      backend.client = client
      client.backend = backend
      backend.socket.write(Buffer.concat(client.waiting))
      client.waiting = []
    }
  }

  #fromServer (backend: Backend, type: string, message: Buffer): void {
    const { client } = backend
    client?.socket.write(message)
    if (type !== READY || client === undefined || --client.turns > 0 || message.toString('latin1', HEADER) !== IDLE) return
    client.backend = undefined
    backend.client = undefined
    this.#idle.push(backend)
    this.#serve()
  }

  /** What the client has under way is cancelled: with the numbers that the server knows. */
  #cancel (number: number, socket: Socket): void {
    const backend = this.#clients.get(number)?.backend
    if (backend === undefined) {
      socket.end()
      return
    }
    const { hostname, port } = new URL(this.#url)
    const there = connect(Number(port), hostname)
    there.on('error', () => {})
    there.on('close', () => { socket.end() })
    there.end(ints(16, CANCEL, backend.pid, backend.key))
  }
}

/** Calls `take` with each message that comes. */
function onMessages (socket: Socket, take: (type: string, message: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= HEADER) {
      const end = 1 + rest.readInt32BE(1)
      if (rest.length < end) return
      take(rest.toString('latin1', 0, 1), rest.subarray(0, end))
      rest = rest.subarray(end)
    }
  })
}

function ints (...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [i, value] of values.entries()) bytes.writeInt32BE(value, 4 * i)
  return bytes
}

function messageOf (type: string, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from(type), ints(4 + content.length), content])
}
