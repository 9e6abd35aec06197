import Fastify from 'fastify'
import webhooks from '../../dist/index.js'
import { secret } from '../secret.ts'
import { createInbox } from './postgres-inbox.ts'
import { report } from './report.ts'
import { settled } from './settled.ts'
import { work } from './work.ts'

/** As `ours-postgres-unsigned.ts`, and every body's HMAC-SHA512 is verified. */
const app = Fastify()
await app.register(webhooks, { secret, inbox: createInbox() })

app.webhooks.on('newMessage', ({ message, conversation }) => {
  work(message.content, conversation.id)
})

await app.listen({ host: '127.0.0.1', port: 0 })
report(app.server, { idle: () => settled(app) })
