import Fastify from 'fastify'
import webhooks from '../../dist/index.js'
import { createInbox } from './postgres-inbox.ts'
import { report } from './report.ts'
import { settled } from './settled.ts'
import { work } from './work.ts'

/** This plugin with an inbox in PostgreSQL: the reply when an event is committed, then its listener, and then a note that it is done. */
const app = Fastify()
await app.register(webhooks, { inbox: createInbox() })

app.webhooks.on('newMessage', ({ message, conversation }) => {
  work(message.content, conversation.id)
})

await app.listen({ host: '127.0.0.1', port: 0 })
report(app.server, { idle: () => settled(app) })
