import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import webhooks from '../../../index.ts'
import type { Inbox, UnknownEvent } from '../../../index.ts'
import { SECRET, listen } from '../../helpers/http.ts'
import type { Scope } from '../../helpers/scope.ts'
import { BODY_LIMIT } from './requests.ts'

/** One call of a listener. */
export interface Heard {
  readonly listener: string
  readonly event: UnknownEvent
}

/** An app that receives, and what it does that it is not asked for. */
export interface Receiver {
  readonly app: FastifyInstance
  readonly signed: boolean
  readonly url: URL
  /** What listeners were called with since they were taken from here, by the event's id. */
  heard: Map<string, Heard[]>
  /** The bodies that the inbox was given, in the same way. */
  added: Map<string, Uint8Array>
  /** Lines of the log that say that something is wrong. */
  readonly errors: string[]
}

export async function startReceiver (scope: Scope, inbox: Inbox, signed: boolean): Promise<Receiver> {
  const errors: string[] = []
  const app = Fastify({ logger: { level: 'error', stream: { write: (line: string) => { errors.push(line) } } } })
  scope.teardown(async () => { await app.close() })
  const receiver = { app, signed, heard: new Map<string, Heard[]>(), added: new Map<string, Uint8Array>(), errors }
  const add = inbox.add.bind(inbox)
  inbox.add = (event) => {
    receiver.added.set(event.id, event.body)
    return add(event)
  }
  await app.register(webhooks, { inbox, bodyLimit: BODY_LIMIT, ...signed && { secret: SECRET } })
  for (const listener of ['newMessage', 'smsDeliveryReport', 'unknown', 'invalid'] as const) {
    app.webhooks.on(listener, (event: UnknownEvent, { id }: { id: string }) => {
      receiver.heard.set(id, [...receiver.heard.get(id) ?? [], { listener, event }])
    })
  }
  const port = await listen(app)
  return Object.assign(receiver, { url: new URL(`http://127.0.0.1:${port}/webhooks/oneroute`) })
}
