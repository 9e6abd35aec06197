import Fastify from 'fastify'
import webhooks from '../../dist/index.js'
import { report } from './report.ts'
import { work } from './work.ts'

/** This plugin as it is without options: schema, repeats dropped, order kept, the reply after the listener. */
const app = Fastify()
await app.register(webhooks)

app.webhooks.on('newMessage', ({ message, conversation }) => {
  work(message.content, conversation.id)
})

await app.listen({ host: '127.0.0.1', port: 0 })
report(app.server)
