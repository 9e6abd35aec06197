import { Agent, request } from 'node:http'
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Scope } from '../../helpers/scope.ts'

export interface Answer {
  statusCode: number | undefined
  headers: IncomingHttpHeaders
  body: { status?: string, id?: string, code?: string, pending?: number, done?: number, dead?: number, pid?: number }
}

/** A sender that keeps its connections. */
export class Client {
  port: number
  readonly #agent: Agent

  constructor (t: Scope, port = 0, maxSockets = Infinity) {
    this.port = port
    this.#agent = new Agent({ keepAlive: true, maxSockets })
    t.teardown(() => { this.#agent.destroy() })
  }

  async get (path: string): Promise<Answer> {
    return await this.#send('GET', path)
  }

  async post (event: unknown, path = '/webhooks/oneroute', headers: OutgoingHttpHeaders = {}): Promise<Answer> {
    return await this.#send('POST', path, JSON.stringify(event), headers)
  }

  /** Rejects when there is no answer. */
  async #send (method: string, path: string, body = '', more: OutgoingHttpHeaders = {}): Promise<Answer> {
    return await new Promise((resolve, reject) => {
      const headers = body === '' ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...more }
      const sending = request({ port: this.port, host: '127.0.0.1', agent: this.#agent, method, path, headers }, (reply) => {
        const { statusCode, headers } = reply
        // Every answer is an object, or empty.
        text(reply).then((body) => { resolve({ statusCode, headers, body: JSON.parse(body || '{}') as Answer['body'] }) }).catch(reject)
      })
      sending.on('error', reject)
      sending.end(body)
    })
  }
}

/** An event that says what its listener is to do. */
export function job (conversation: string, n: number, more: { fails?: number, turns?: number, pause?: number, text?: string } = {}) {
  return { event: 'job', conversation: { id: conversation }, n, ...more }
}
