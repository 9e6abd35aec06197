import { Client } from 'undici'
import type { WebhookRequest } from './requests.ts'

export const CONNECTIONS = 64

/** One server's client: connections that stay open from slice to slice. */
export interface Load {
  /** Sends all requests, at most one at a time on each connection; resolves with how long each took, in milliseconds. */
  send: (requests: WebhookRequest[]) => Promise<Float64Array>
  close: () => Promise<void>
}

/**
 * undici's `Client`, one for each connection, by `dispatch`. The client must be quicker than any server, or it is the client
 * that is measured; on the machine this was written on, with the bare route at 29 µs a request and pinned as here:
 * `dispatch` took 20 µs and kept the server's core 98 % busy; `request` took 35 µs (75 %); autocannon 9 took 32 µs and ends
 * on whole seconds only; a raw socket that writes ready-made bytes took 19 µs (99 %), which is not worth its own HTTP parser.
 */
export function openLoad (port: number): Load {
  const clients = Array.from({ length: CONNECTIONS }, () => new Client(`http://127.0.0.1:${port}`))
  return {
    send: (requests) => sendAll(clients, requests),
    close: async () => { await Promise.all(clients.map((client) => client.close())) }
  }
}

function sendAll (clients: Client[], requests: WebhookRequest[]) {
  const latencies = new Float64Array(requests.length)
  const queue = requests.entries()
  let answered = 0
  return new Promise<Float64Array>((resolve, reject) => {
    for (const client of clients) next(client)

    function next (client: Client) {
      const { value, done } = queue.next()
      if (done === true) return
      const [index, request] = value
      const startedAt = performance.now()
      send(client, request, reject, () => {
        latencies[index] = performance.now() - startedAt
        if (++answered === requests.length) resolve(latencies)
        else next(client)
      })
    }
  })
}

/** Only a whole reply with the status 200 counts as an answer. */
function send (client: Client, { path, headers, body }: WebhookRequest, fail: (error: Error) => void, done: () => void) {
  let status = 0
  let refusal = ''
  client.dispatch({ method: 'POST', path, headers, body }, {
    onRequestStart () {},
    onResponseStart (_controller, statusCode) { status = statusCode },
    onResponseData (_controller, chunk) { if (status !== 200) refusal += chunk.toString() },
    onResponseEnd () {
      if (status === 200) done()
      else fail(new Error(`answered ${status}: ${refusal}`))
    },
    onResponseError (_controller, error) { fail(error) }
  })
}
