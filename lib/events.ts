import { Type } from '@sinclair/typebox'
import type { ObjectOptions, Static, TSchema } from '@sinclair/typebox'

// RFC 3339, section 5.6 and the lengths of months of 5.7. A `pattern`, not a `format`: TypeBox keeps its formats in a
// registry that the whole process shares, which is the host's and not ours to fill.
const DATE = '(?:' + [
  '\\d{4}-(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])',
  '\\d{4}-(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)',
  '\\d{4}-02-(?:0[1-9]|1\\d|2[0-8])',
  '(?:\\d\\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29'
].join('|') + ')'
const TIME = '(?:[01]\\d|2[0-3]):[0-5]\\d:(?:[0-5]\\d|60)(?:\\.\\d+)?'
const OFFSET = '(?:[Zz]|[+-](?:[01]\\d|2[0-3]):[0-5]\\d)'

const Text = Type.String()
const Timestamp = Type.String({ pattern: `^${DATE}[Tt]${TIME}${OFFSET}$`, description: 'RFC 3339 date-time' })
const object = (options?: ObjectOptions) => Type.Unsafe<Record<string, unknown>>(Type.Object({}, options))
const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])

/** A string of which some values are known. The check takes any: OneRoute may add one at any time. */
type Open<Known extends string> = Known | (string & {})
const open = <Known extends string>(...known: Known[]) =>
  Type.Unsafe<Open<Known>>(Type.String({ examples: known }))

// Fields that OneRoute's API shows, but its webhook samples do not: what they look like in a webhook is not known.
const maybe = () => Type.Optional(Type.Unknown({ description: 'Seen in replies of the API, not documented for webhooks' }))

const Sender = Type.Object({
  name: Text,
  authUser: Type.Boolean(),
  lastActivity: Timestamp,
  customer_id: maybe()
})

const Message = Type.Object({
  sender: Sender,
  externalId: nullable(Text),
  content: Text,
  contentType: open('TEXT', 'IMAGE', 'VIDEO', 'DOCUMENT', 'AUDIO'),
  imageUrl: nullable(Text),
  videoUrl: nullable(Text),
  documentUrl: nullable(Text),
  audioUrl: nullable(Text),
  quoted_message_id: nullable(Text),
  conversation_id: Text,
  id: maybe(),
  subject: maybe(),
  createdAt: maybe(),
  updatedAt: maybe(),
  replyOptions: maybe(),
  row_id: maybe()
})

const Channel = Type.Object({
  id: Text,
  phone: nullable(Text),
  identifier: Text,
  medium: open('WHATSAPP', 'EMAIL', 'SMS', 'LIVECHAT', 'INSTAGRAM', 'FACEBOOK', 'TWITTER'),
  credentials: nullable(object({ description: 'Account data of the channel: never log it' })),
  description: Text,
  name: Text,
  type: open('CUSTOM'),
  provider: nullable(Text),
  country: Text,
  env: open('LIVE'),
  status: open('ACTIVE'),
  webhookUrl: Text
})

const Conversation = Type.Object({
  id: Text,
  subject: nullable(Text),
  agent: Type.Union([Text, object(), Type.Null()]),
  customer: Type.Object({ name: Text, email: Text }),
  lastMessageAt: Timestamp,
  status: open('in-queue'),
  country: Text,
  read: Type.Boolean(),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  agent_id: nullable(Text),
  Channel,
  customer_id: maybe()
})

/** A message came in, on any channel. Source: OneRoute's page "Receiving Events - Webhooks". */
export const NewMessage = Type.Object(
  { event: Type.Literal('newMessage'), message: Message, conversation: Conversation },
  { title: 'newMessage', description: 'A message came in' })
export type NewMessage = Static<typeof NewMessage>

/** An SMS reached its handset, or did not. Source: the SMS pages of OneRoute's documentation. */
export const SmsDeliveryReport = Type.Object({
  event: Type.Literal('smsDeliveryReport'),
  message: Type.Null(),
  conversation: Type.Object({
    id: Text,
    externalId: Text,
    status: open('delivered', 'pending', 'undelivered'),
    reason: Text,
    from: Text,
    to: Text,
    units: Type.Number(),
    delivered_time: Timestamp,
    createdAt: Timestamp
  })
}, { title: 'smsDeliveryReport', description: 'An SMS was delivered, or was not' })
export type SmsDeliveryReport = Static<typeof SmsDeliveryReport>

/** The schemas of the events that OneRoute documents, by name. */
export const providerEvents = { newMessage: NewMessage, smsDeliveryReport: SmsDeliveryReport } as const

/**
 * The events that have a schema, by name. Add your own of the `events` option by declaration merging:
 * `declare module 'fastify-oneroute-webhooks' { interface WebhookEvents { orderPaid: OrderPaid } }`
 */
export interface WebhookEvents {
  newMessage: NewMessage
  smsDeliveryReport: SmsDeliveryReport
}

/** What any body has: a name. Everything else of an event without a schema is for the listener to check. */
export interface UnknownEvent {
  event: string
  [field: string]: unknown
}
