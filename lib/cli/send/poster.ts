import http from 'node:http'
import https from 'node:https'
import { performance } from 'node:perf_hooks'
import { codeOf, errorOf } from '../../errors/error-of.ts'
import { createSigner, SIGNATURE_HEADER } from '../../receive/signature/hmac.ts'
import { onOneLine } from '../terminal.ts'
import type { SendOptions } from './options.ts'

/** What came of one request. */
export interface Answer {
  /** What it is counted under: '200 OK', 'ECONNREFUSED'. */
  readonly label: string
  /** Undefined if there was no answer. */
  readonly status: number | undefined
  /** The answer's body, or what an error says. */
  readonly detail: string
  readonly milliseconds: number
  /** Its Retry-After, if it has one. */
  readonly retryAfter?: string | undefined
}

/** How a request is made otherwise than OneRoute makes it. */
export interface Manner {
  readonly headers?: http.OutgoingHttpHeaders
  /** Has to end the request, or its connection. */
  readonly write?: (request: http.ClientRequest) => void
}

export interface Poster {
  /** Those that OneRoute would post a body with, or with another signature, or none (null). */
  headersOf: (body: Uint8Array, signature?: string | null) => http.OutgoingHttpHeaders
  /** Settles when the answer is there, or cannot come any more. Never rejects. */
  post: (body: Uint8Array, manner?: Manner) => Promise<Answer>
  close: () => void
}

/** More characters than any status has. */
const LONGEST_LABEL = 60
/** In bytes. */
const LONGEST_BODY = 65_536

type Reply = Omit<Answer, 'milliseconds'>

/** Posts bodies as OneRoute does. `fetch` would do, but it adds headers, follows redirects and is slower. */
export function createPoster ({ to, secret, timeout, concurrency }: Pick<SendOptions, 'to' | 'secret' | 'timeout' | 'concurrency'>, signal: AbortSignal): Poster {
  const client = to.protocol === 'https:' ? https : http
  const agent = new client.Agent({ keepAlive: true, maxFreeSockets: concurrency })
  const sign = secret === undefined ? undefined : createSigner(secret)

  function headersOf (body: Uint8Array, signature = sign?.(body) ?? null): http.OutgoingHttpHeaders {
    const headers = { 'content-type': 'application/json', 'content-length': body.length }
    return signature === null ? headers : { ...headers, [SIGNATURE_HEADER]: signature }
  }

  async function sendRequest (body: Uint8Array, { headers = headersOf(body), write }: Manner): Promise<Reply> {
    const { promise, resolve, reject } = Promise.withResolvers<Reply>()
    const request = client.request(to, { method: 'POST', agent, signal, headers })
    const timer = setTimeout(() => { request.destroy(new TimeoutError(timeout)) }, timeout)
    const onClose = () => { reject(new NoAnswerError()) } // of an answer that is none, such as 101
    request.on('close', onClose)
    request.on('response', (response) => {
      request.off('close', onClose)
      beginningOf(response).then((detail) => { resolve(replyOf(response, detail)) }, reject)
    })
    // Comes before the response's own error, which would only say 'aborted' of a body that takes too long.
    request.on('error', reject)
    if (write === undefined) request.end(body)
    else write(request)
    return await promise.finally(() => { clearTimeout(timer) })
  }

  return {
    headersOf,
    async post (body, manner = {}) {
      const start = performance.now()
      const reply = await sendRequest(body, manner).catch((error: unknown) => failureOf(error, signal.aborted))
      return { ...reply, milliseconds: performance.now() - start }
    },
    close () { agent.destroy() }
  }
}

class TimeoutError extends Error {
  readonly code = 'timeout'

  constructor (milliseconds: number) {
    super(`no answer within ${milliseconds} ms`)
  }
}

class NoAnswerError extends Error {
  readonly code = 'closed'

  constructor () {
    super('the connection was closed without an answer')
  }
}

/** As much of a body as anybody wants to see: a server may send without an end. */
async function beginningOf (response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  const bytes: AsyncIterable<Buffer> = response // no encoding is set
  for await (const chunk of bytes) {
    chunks.push(chunk)
    length += chunk.length
    if (length > LONGEST_BODY) break
  }
  return Buffer.concat(chunks).toString()
}

function replyOf ({ statusCode, statusMessage, headers }: http.IncomingMessage, detail: string): Reply {
  // A reason phrase may hold anything: Node's parser lets it through.
  return { label: onOneLine(`${statusCode} ${statusMessage}`, LONGEST_LABEL), status: statusCode, detail, retryAfter: headers['retry-after'] }
}

function failureOf (error: unknown, interrupted: boolean): Reply {
  if (interrupted) return { label: 'interrupted', status: undefined, detail: 'no answer yet' }
  return { label: codeOf(error), status: undefined, detail: errorOf(error).message }
}
