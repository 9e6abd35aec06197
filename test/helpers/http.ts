import { createHmac } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import { connect } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { fixture } from './app.ts'

export const SECRET = 'a key of OneRoute, for tests only'

/** As OneRoute's page says, and not by way of the code under test. */
export function sign (body: string | Buffer, secret = SECRET): Record<string, string> {
  return { 'x-oneroute-signature': createHmac('sha512', secret).update(body).digest('hex') }
}

/** Stands in every text of `personal`: nobody but listeners may see it. */
export const PERSONAL = 'Ada Lovelace'

/** A message all of whose free texts are somebody's. */
export function personal (): string {
  return fixture('new-message').toString()
    .replace(/"(Message Sender|Hello World!|Customer name|customer@mail.com|Identifier|Channel name)"/g, `"$1 of ${PERSONAL}"`)
    .replace('"phone": null', `"phone": "+234 ${PERSONAL}"`)
    .replace('"credentials": null', `"credentials": { "email": "${PERSONAL}" }`)
}

export async function listen (app: FastifyInstance): Promise<number> {
  return Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port)
}

/** The head of a request; without `length` it has no Content-Length. */
export function head (headers: readonly string[], length?: number): string {
  const lines = ['POST /webhooks/oneroute HTTP/1.1', 'Host: localhost', 'Connection: close', ...headers]
  if (length !== undefined) lines.push(`Content-Length: ${length}`)
  return [...lines, '', ''].join('\r\n')
}

export const JSON_TYPE = 'Content-Type: application/json'

export interface Answer {
  statusCode: number
  body: string
}

/** Writes bytes to a socket of their own, ends it, and returns the last answer, or nothing if there was none. */
export async function exchange (port: number, ...chunks: Array<string | Buffer>): Promise<Answer | undefined> {
  const socket = connect(port, '127.0.0.1')
  const received: Buffer[] = []
  const answered = new Promise<Answer | undefined>((resolve) => {
    socket.on('data', (data: Buffer) => { received.push(data) })
    socket.on('error', () => {}) // a server may hang up on what it does not want to read; its answer is what counts
    socket.on('close', () => { resolve(lastAnswer(Buffer.concat(received).toString())) })
  })
  for (const chunk of chunks) socket.write(chunk)
  socket.end()
  return await answered
}

function lastAnswer (text: string): Answer | undefined {
  const last = text.slice(text.lastIndexOf('HTTP/1.1 '))
  const statusCode = Number(/^HTTP\/1.1 (\d{3}) /.exec(last)?.[1])
  return Number.isNaN(statusCode) ? undefined : { statusCode, body: last.slice(last.indexOf('\r\n\r\n') + 4) }
}

/** Asserts the one shape of refusals, and that they show nobody's data. */
export function isRefusal (t: Test, { statusCode, body }: Answer, code: string, name: string): void {
  const refusal = JSON.parse(body) as Record<string, unknown> // every answer is an object
  const { message, ...rest } = refusal
  t.strictSame(rest, { statusCode, code, error: STATUS_CODES[statusCode] }, name)
  t.type(message, 'string')
  t.notMatch(body, PERSONAL)
}

/** What came to any listener. */
export function deliveries (app: FastifyInstance): unknown[] {
  const events: unknown[] = []
  app.webhooks.on('event', (event) => { events.push(event) })
  return events
}
