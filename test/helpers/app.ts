import { readFileSync } from 'node:fs'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyServerOptions, LightMyRequestResponse } from 'fastify'
import type { Test } from 'tap'
import webhooks from '../../index.ts'
import type { WebhooksOptions } from '../../index.ts'
import type { NewMessage } from '../../index.ts'

export function fixture (name: 'new-message' | 'sms-delivery-report'): Buffer {
  return readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url))
}

const newMessage = fixture('new-message').toString()
let count = 0

/** A new message, different from every other. */
export function message (conversation = 'a', content = `message ${++count}`): NewMessage {
  const event = JSON.parse(newMessage) as NewMessage // it is what the schema was made from
  event.message.content = content
  event.message.conversation_id = conversation
  event.conversation.id = conversation
  return event
}

export interface LogLine {
  level: number
  msg: string
  [key: string]: unknown
}

/** An app with the plugin, closed when the test ends, and what it logged. */
export async function createApp (t: Test, options: WebhooksOptions = {}, server: FastifyServerOptions = {}) {
  const lines: LogLine[] = []
  const stream = { write: (line: string) => { lines.push(JSON.parse(line) as LogLine) } } // pino writes one object a line
  const app: FastifyInstance = Fastify({ logger: { level: 'debug', stream }, ...server })
  t.teardown(async () => { await app.close() })
  await app.register(webhooks, options)
  return { app, lines }
}

export async function post (app: FastifyInstance, body: unknown, headers: Record<string, string> = {}): Promise<LightMyRequestResponse> {
  return await app.inject({
    method: 'POST',
    url: '/webhooks/oneroute',
    headers: { 'content-type': 'application/json', ...headers },
    payload: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
  })
}

/** The JSON of a reply of the route. */
export function answerOf (reply: LightMyRequestResponse): { status?: string, id?: string, code?: string, message?: string } {
  return reply.json()
}

/** Something to wait for that the test decides about. */
export function gate (): PromiseWithResolvers<undefined> {
  return Promise.withResolvers()
}

/** Lets everything run that only waits for its turn. */
export async function turns (): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => { setImmediate(resolve) })
}
