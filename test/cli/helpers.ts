import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable, Writable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { Test } from 'tap'
import { run } from '../../lib/cli/run.ts'

export interface Received {
  method: string | undefined
  url: string | undefined
  headers: IncomingHttpHeaders
  raw: Buffer
}

type Answer = (response: ServerResponse, received: Received, request: IncomingMessage) => unknown

/** What OneRoute's events are posted to: records every request, and answers it when the body is read. */
export async function createReceiver (t: Test, answer: Answer = (response) => response.end('{"status":"accepted"}')) {
  const requests: Received[] = []
  const origin = await listen(t, (request, response) => {
    void buffer(request).then((raw) => {
      const { method, url, headers } = request
      const received = { method, url, headers, raw }
      requests.push(received)
      answer(response, received, request)
    })
  })
  return { requests, url: `${origin}/webhooks/oneroute`, events: () => requests.map(({ raw }) => eventOf(raw)) }
}

export async function listen (t: Test, listener: RequestListener, onClientError?: () => void): Promise<string> {
  // It leaves the end of a connection to the client.
  const server = createServer({ keepAliveTimeout: 0 }, listener)
  if (onClientError !== undefined) server.on('clientError', onClientError)
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => { server.closeAllConnections(); server.close() })
  const { port } = server.address() as AddressInfo // it listens on TCP
  return `http://127.0.0.1:${port}`
}

export interface SentEvent {
  event: string
  message: { content: string, externalId: string | null, conversation_id: string }
  conversation: { id: string, externalId: string }
  sendId?: string
}

export function eventOf (raw: Buffer): SentEvent {
  return JSON.parse(raw.toString()) as SentEvent // what the tests look at
}

/** Node's own, so that a mistake in ours would be seen. */
export function hmac (body: Uint8Array, key: string): string {
  return createHmac('sha512', key).update(body).digest('hex')
}

interface Given {
  stdin?: string | Buffer | Readable
  env?: Record<string, string>
  /** Columns of the terminal that stderr is to be. */
  terminal?: number
  /** Columns of the terminal that stdin and stdout are to be. */
  tty?: number
  interrupt?: AbortController
  /** Called with what is written to stdout. */
  onOutput?: (text: string) => void
  /** The same for stderr. */
  onError?: (text: string) => void
}

/** A stream that keeps what is written to it. */
class Written extends Writable {
  text = ''
  readonly #onOutput: (text: string) => void

  constructor (onOutput: (text: string) => void = () => undefined) {
    super()
    this.#onOutput = onOutput
  }

  override _write (chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    this.#onOutput(chunk.toString())
    done()
  }
}

/** Runs the command line in this process. */
export async function cli (argv: string[], given: Given = {}) {
  const { stdin = '', env = {}, terminal, tty, interrupt = new AbortController(), onOutput, onError } = given
  const onTerminal = tty === undefined ? {} : { isTTY: true, columns: tty }
  const stdout = Object.assign(new Written(onOutput), onTerminal)
  const stderr = Object.assign(new Written(onError), terminal === undefined ? {} : { isTTY: true, columns: terminal })
  const code = await run(argv, {
    stdin: Object.assign(stdin instanceof Readable ? stdin : Readable.from([Buffer.from(stdin)]), onTerminal),
    stdout,
    stderr,
    env,
    signal: interrupt.signal
  })
  return { code, stdout: stdout.text, stderr: stderr.text }
}
