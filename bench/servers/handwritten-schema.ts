const text = { type: 'string' } as const
const optionalText = { type: ['string', 'null'] } as const
const flag = { type: 'boolean' } as const
const time = { type: 'string', format: 'date-time' } as const

/** OneRoute's `newMessage` event, for Fastify's Ajv. Every known field is required; unknown ones are let through. */
export const newMessageSchema = object({
  event: { const: 'newMessage' },
  message: object({
    sender: object({ name: text, authUser: flag, lastActivity: time }),
    externalId: optionalText,
    content: text,
    contentType: text,
    imageUrl: optionalText,
    videoUrl: optionalText,
    documentUrl: optionalText,
    audioUrl: optionalText,
    quoted_message_id: optionalText,
    conversation_id: text
  }),
  conversation: object({
    id: text,
    subject: optionalText,
    agent: {},
    customer: object({ name: text, email: text }),
    lastMessageAt: time,
    status: text,
    country: text,
    read: flag,
    createdAt: time,
    updatedAt: time,
    agent_id: optionalText,
    Channel: object({
      id: text,
      phone: optionalText,
      identifier: text,
      medium: text,
      credentials: { type: ['object', 'null'] },
      description: text,
      name: text,
      type: text,
      provider: optionalText,
      country: text,
      env: text,
      status: text,
      webhookUrl: text
    })
  })
})

function object (properties: Record<string, object>) {
  return { type: 'object', required: Object.keys(properties), properties }
}
