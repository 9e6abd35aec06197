import type { NewMessage, SmsDeliveryReport } from './schemas.ts'

/** As OneRoute's pages print them. */
export const samples = {
  newMessage: {
    event: 'newMessage',
    message: {
      sender: {
        name: 'Message Sender',
        authUser: false,
        lastActivity: '2022-01-29T07:27:52.676Z'
      },
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
      customer: {
        name: 'Customer name',
        email: 'customer@mail.com'
      },
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
  },
  smsDeliveryReport: {
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
} satisfies { newMessage: NewMessage, smsDeliveryReport: SmsDeliveryReport }

/** A `T` that has every field of a sample of it, and a value wherever the sample has one. */
type Like<T, Sample> = Omit<T, keyof Sample> & {
  [Key in keyof T & keyof Sample]-?: Sample[Key] extends null ? Exclude<T[Key], undefined>
    : Sample[Key] extends object ? Like<NonNullable<T[Key]>, Sample[Key]>
      : NonNullable<T[Key]>
}

export type NewMessageSample = Like<NewMessage, typeof samples.newMessage>
export type SmsDeliveryReportSample = Like<SmsDeliveryReport, typeof samples.smsDeliveryReport>
