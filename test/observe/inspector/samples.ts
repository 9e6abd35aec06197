import type { FastifyInstance } from 'fastify'
import { newMessage, smsDeliveryReport } from '../../../lib/testing/testing.ts'

const PEOPLE = ['Ada Okafor', 'Ben Adeyemi', 'Chiara Rossi', 'Dayo Bello', 'Emma Schmidt', 'Femi Alabi', 'Grace Kim', 'Hassan Musa']
const TEXTS = [
  'Good morning! When will my order be delivered, please?', 'Thank you very much 🙏', 'I paid yesterday, but the app still shows “pending”.',
  'Is anyone there?', 'My card was charged twice: 12,500 and 12,500 naira.', 'Can I change the address of the delivery?',
  'Bonjour, je n’ai pas encore reçu ma commande', 'Please call me back after 5 pm today.', 'The item that came is not the one in the picture.'
]
const MEDIA = ['WHATSAPP', 'SMS', 'EMAIL', 'LIVECHAT', 'INSTAGRAM', 'WHATSAPP']

/** An afternoon's worth of events, as an app receives them. */
export async function receiveSamples (app: FastifyInstance, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const name = PEOPLE[i % PEOPLE.length]
    const event = i % 11 === 7
      ? smsDeliveryReport()
      : newMessage({
        message: { content: TEXTS[i % TEXTS.length], sender: { name } },
        conversation: { id: `c-${1_000 + i * 7 % 40}`, customer: { name }, Channel: { medium: MEDIA[i % MEDIA.length], credentials: { email: 'team@shop.example' } } }
      })
    await app.webhooks.receive(event)
  }
}
