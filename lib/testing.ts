import { randomUUID } from 'node:crypto'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { isObject } from './check.ts'
import type { NewMessage, SmsDeliveryReport } from './events.ts'
import { createSigner, SIGNATURE_HEADER } from './signature.ts'

/** What may be given of `T`, at any depth; an array or another value replaces what was there. */
export type Overrides<T> = T extends readonly unknown[] | null ? T : T extends object ? { [Key in keyof T]?: Overrides<T[Key]> | undefined } : T

// OneRoute's documented samples.
const MESSAGE: NewMessage = {
  event: 'newMessage',
  message: {
    sender: { name: 'Message Sender', authUser: false, lastActivity: '2022-01-29T07:27:52.676Z' },
    externalId: null,
    content: 'Hello World!',
    contentType: 'TEXT',
    imageUrl: null,
    videoUrl: null,
    documentUrl: null,
    audioUrl: null,
    quoted_message_id: null,
    conversation_id: 'bf9d96d9-e495-489a-a22a-206b0ea44d90'
  },
  conversation: {
    id: 'bf9d96d9-e495-489a-a22a-206b0ea44d90',
    subject: null,
    agent: null,
    customer: { name: 'Customer name', email: 'customer@mail.com' },
    lastMessageAt: '2022-01-29T07:27:52.793Z',
    status: 'in-queue',
    country: 'NG',
    read: false,
    createdAt: '2022-01-29T07:18:58.172Z',
    updatedAt: '2022-01-29T07:27:52.794Z',
    agent_id: null,
    Channel: {
      id: '8bad2edc-2973-4cec-8f33-a17c54dc0686',
      phone: null,
      identifier: 'Identifier',
      medium: 'WHATSAPP',
      credentials: null,
      description: 'Whatsapp Channel',
      name: 'Channel name',
      type: 'CUSTOM',
      provider: null,
      country: 'NG',
      env: 'LIVE',
      status: 'ACTIVE',
      webhookUrl: 'https://webhook.url'
    }
  }
}

const REPORT: SmsDeliveryReport = {
  event: 'smsDeliveryReport',
  message: null,
  conversation: {
    id: '1234567',
    externalId: '1234567890',
    status: 'delivered',
    reason: 'Message delivered to handset',
    from: 'Name',
    to: '12345678',
    units: 0,
    delivered_time: '2023-08-29T08:18:31.732Z',
    createdAt: '2023-08-29T08:18:28.576Z'
  }
}

/**
 * OneRoute's documented message, with a new id each time (`message.externalId`) and in a conversation of its own. The
 * conversation's id stands in two places: overriding one of them sets both.
 */
export function newMessage (overrides: Overrides<NewMessage> = {}): NewMessage {
  const id = overrides.conversation?.id ?? overrides.message?.conversation_id ?? randomUUID()
  const unique = { message: { externalId: randomUUID(), conversation_id: id }, conversation: { id } }
  return merge(merge(structuredClone(MESSAGE), unique), overrides) as NewMessage // overrides have its type at every depth
}

/** OneRoute's documented SMS delivery report, with new ids each time. */
export function smsDeliveryReport (overrides: Overrides<SmsDeliveryReport> = {}): SmsDeliveryReport {
  const unique = { conversation: { id: randomUUID(), externalId: randomUUID() } }
  return merge(merge(structuredClone(REPORT), unique), overrides) as SmsDeliveryReport // as above
}

/** The signature of a body, hexadecimal; an object's is that of its JSON. */
export function sign (body: string | Uint8Array | object, secret: string): string {
  if (secret.trim() === '') throw new TypeError('`secret` must not be blank')
  return createSigner(secret)(toBytes(body))
}

export interface PostOptions {
  /** Signs the request. @default unsigned */
  secret?: string | undefined
  /** @default '/webhooks/oneroute' */
  url?: string | undefined
}

/** Posts an event to an app as OneRoute would, with `app.inject`. Text and bytes are posted as they are. */
export async function post (
  app: FastifyInstance, event: string | Uint8Array | object, { secret, url = '/webhooks/oneroute' }: PostOptions = {}
): Promise<LightMyRequestResponse> {
  const body = toBytes(event)
  const signature = secret === undefined ? {} : { [SIGNATURE_HEADER]: sign(body, secret) }
  return await app.inject({ method: 'POST', url, headers: { 'content-type': 'application/json', ...signature }, payload: body })
}

function toBytes (body: string | Uint8Array | object): Buffer {
  if (body instanceof Uint8Array) return Buffer.from(body)
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

/** A copy of `base` with the overrides in it. */
function merge (base: object, overrides: object): object {
  const merged = new Map<string, unknown>(Object.entries(base))
  for (const [key, value] of Object.entries(overrides) as Array<[string, unknown]>) {
    if (value === undefined) continue
    const old = merged.get(key)
    merged.set(key, isObject(value) ? merge(isObject(old) ? old : {}, value) : value)
  }
  return Object.fromEntries(merged) // makes fields of whatever key, __proto__ too
}
