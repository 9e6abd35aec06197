import { Type } from '@sinclair/typebox'
import type { ObjectOptions, Static, TSchema } from '@sinclair/typebox'

const Text = Type.String()
/** Of any form: a receiver that insisted on one would refuse a customer's message for its clock. */
const Time = Type.String({ description: 'RFC 3339 date-time' })
const object = (options?: ObjectOptions) => Type.Unsafe<Record<string, unknown>>(Type.Object({}, options))

/**
 * What OneRoute's one sample shows as a value is null or missing in the messages of real accounts. So only what says which event it
 * is, and of which conversation, is required.
 */
const maybe = <T extends TSchema[]>(...schemas: T) => Type.Optional(Type.Union([...schemas, Type.Null()]))

/** A string of which some values are known. The check takes any: OneRoute may add one at any time. */
type Open<Known extends string> = Known | (string & {})
const open = <Known extends string>(...known: Known[]) =>
  Type.Unsafe<Open<Known>>(Type.String({ examples: known }))

// Fields that OneRoute's API shows, but its webhook samples do not: what they look like in a webhook is not known.
const undocumented = () => Type.Optional(Type.Unknown({ description: 'Seen in replies of the API, not documented for webhooks' }))

const Sender = Type.Object({
  name: maybe(Text),
  authUser: maybe(Type.Boolean()),
  lastActivity: maybe(Time),
  customer_id: undocumented()
})

const Message = Type.Object({
  sender: Sender,
  externalId: maybe(Text),
  content: maybe(Text),
  contentType: maybe(open('TEXT', 'IMAGE', 'VIDEO', 'DOCUMENT', 'AUDIO')),
  imageUrl: maybe(Text),
  videoUrl: maybe(Text),
  documentUrl: maybe(Text),
  audioUrl: maybe(Text),
  quoted_message_id: maybe(Text),
  conversation_id: maybe(Text),
  id: undocumented(),
  subject: undocumented(),
  createdAt: undocumented(),
  updatedAt: undocumented(),
  replyOptions: undocumented(),
  row_id: undocumented()
})

const Channel = Type.Object({
  id: maybe(Text),
  phone: maybe(Text),
  identifier: maybe(Text),
  medium: maybe(open('WHATSAPP', 'EMAIL', 'SMS', 'LIVECHAT', 'INSTAGRAM', 'FACEBOOK', 'TWITTER')),
  credentials: maybe(object({ description: 'Account data of the channel: never log it' })),
  description: maybe(Text),
  name: maybe(Text),
  type: maybe(open('CUSTOM')),
  provider: maybe(Text),
  country: maybe(Text),
  env: maybe(open('LIVE')),
  status: maybe(open('ACTIVE')),
  webhookUrl: maybe(Text)
})

const Conversation = Type.Object({
  id: Text,
  subject: maybe(Text),
  agent: maybe(Text, object()),
  customer: Type.Object({ name: maybe(Text), email: maybe(Text) }),
  lastMessageAt: maybe(Time),
  status: maybe(open('in-queue')),
  country: maybe(Text),
  read: maybe(Type.Boolean()),
  createdAt: maybe(Time),
  updatedAt: maybe(Time),
  agent_id: maybe(Text),
  Channel,
  customer_id: undocumented()
})

/** A message came in, on any channel. Source: OneRoute's page "Receiving Events - Webhooks". */
export const NewMessage = Type.Object(
  { event: Type.Literal('newMessage'), message: Message, conversation: Conversation },
  { title: 'newMessage', description: 'A message came in' })
export type NewMessage = Static<typeof NewMessage>

/** An SMS reached its handset, or did not. Source: the SMS pages of OneRoute's documentation. */
export const SmsDeliveryReport = Type.Object({
  event: Type.Literal('smsDeliveryReport'),
  message: Type.Optional(Type.Null()),
  conversation: Type.Object({
    id: Text,
    externalId: maybe(Text),
    status: maybe(open('delivered', 'pending', 'undelivered')),
    reason: maybe(Text),
    from: maybe(Text),
    to: maybe(Text),
    units: maybe(Type.Number()),
    delivered_time: maybe(Time),
    createdAt: maybe(Time)
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
