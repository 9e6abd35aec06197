import '../errors/check-node.ts'
import { randomInt, randomUUID } from 'node:crypto'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { InvalidOptionError } from '../errors/errors.ts'
import { samples } from '../events/samples.ts'
import type { NewMessageSample, SmsDeliveryReportSample } from '../events/samples.ts'
import type { NewMessage, SmsDeliveryReport } from '../events/schemas.ts'
import { integer } from '../options/check.ts'
import { createSigner, SIGNATURE_HEADER } from '../receive/signature/hmac.ts'
import { deliverAgain } from './deliver-again.ts'
import { merge } from './merge.ts'
import type { DeepPartial } from './merge.ts'

export type { NewMessageSample, SmsDeliveryReportSample } from '../events/samples.ts'
export type { DeepPartial } from './merge.ts'
export { settled } from './settled.ts'

/** An event, or the very text or bytes to be posted. */
export type Body = string | Uint8Array | object

export interface PostOptions {
  /** The key to sign with. @default none: the request is unsigned */
  secret?: string | undefined
  /** The route of the plugin, with the prefix of its scope if it has one. @default '/webhooks/oneroute' */
  url?: string | undefined
  /**
   * How often the event is delivered, as if the process had ended each time before that was recorded: once it is through, all its
   * listeners are called again. It is posted once. @default 1
   */
  deliveries?: number | undefined
}

const DELIVERIES = integer(1)

/**
 * OneRoute's documented `newMessage`, sent now, with a message and a conversation of its own: no two are the same, so none is
 * dropped as a repeat. The conversation's id is in two places: overriding one sets both. It has a value wherever the sample has one,
 * unless an override is null.
 */
export function newMessage (overrides?: DeepPartial<NewMessageSample>): NewMessageSample
export function newMessage (overrides: DeepPartial<NewMessage>): NewMessage
export function newMessage (overrides: DeepPartial<NewMessage> = {}): NewMessage {
  const conversationId = overrides.conversation?.id ?? overrides.message?.conversation_id ?? randomUUID()
  return merge(sampleMessage(conversationId, new Date().toISOString()), overrides)
}

/** OneRoute's documented `smsDeliveryReport`, of an SMS that was delivered now: no two are the same. */
export function smsDeliveryReport (overrides?: DeepPartial<SmsDeliveryReportSample>): SmsDeliveryReportSample
export function smsDeliveryReport (overrides: DeepPartial<SmsDeliveryReport>): SmsDeliveryReport
export function smsDeliveryReport (overrides: DeepPartial<SmsDeliveryReport> = {}): SmsDeliveryReport {
  const now = new Date().toISOString()
  const sample = merge<SmsDeliveryReport>(structuredClone(samples.smsDeliveryReport), {
    conversation: { id: digits(), externalId: digits(), delivered_time: now, createdAt: now }
  })
  return merge(sample, overrides)
}

/** The `x-oneroute-signature` of a body, in hexadecimal. Sign the bytes that are sent: an object is signed as `JSON.stringify` writes it. */
export function sign (body: Body, secret: string): string {
  if (!isKey(secret)) {
    throw new InvalidOptionError(`\`secret\` must be a key that is not blank, got ${typeof secret === 'string' ? 'a blank string' : typeof secret}`)
  }
  return createSigner(secret)(bytesOf(body))
}

/** Posts an event to the plugin as OneRoute would, by `app.inject`: no port is opened. Resolves to the answer. */
export async function post (app: Pick<FastifyInstance, 'inject' | 'ready'>, event: Body, options: PostOptions = {}): Promise<LightMyRequestResponse> {
  const { secret, url = '/webhooks/oneroute', deliveries = 1 } = options
  if (!DELIVERIES.fits(deliveries)) throw new InvalidOptionError(`\`deliveries\` must ${DELIVERIES.must}`)
  const payload = bytesOf(event)
  const signature = secret === undefined ? {} : { [SIGNATURE_HEADER]: sign(payload, secret) }
  const reply = await app.inject({ method: 'POST', url, payload, headers: { 'content-type': 'application/json', ...signature } })
  if (deliveries > 1) await deliverAgain(app, payload, reply, deliveries - 1)
  return reply
}

/** Takes anything: an environment variable that is not set is what is likely to be given here, whatever the types say. */
function isKey (secret: unknown): boolean {
  return typeof secret === 'string' && secret.trim() !== ''
}

/** OneRoute's ids of an SMS are digits. */
function digits (): string {
  return String(randomInt(2 ** 48 - 1))
}

function bytesOf (body: Body): Buffer {
  // A view of the same bytes: `inject` takes a plain Uint8Array for an object, and would post it as JSON.
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

function sampleMessage (conversationId: string, now: string): NewMessage {
  return merge<NewMessage>(structuredClone(samples.newMessage), {
    message: { sender: { lastActivity: now }, externalId: randomUUID(), conversation_id: conversationId },
    conversation: { id: conversationId, lastMessageAt: now, createdAt: now, updatedAt: now }
  })
}
