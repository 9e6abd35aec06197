// What `npm start` runs: an app that receives OneRoute's webhooks and keeps them in a file, so that what was received is delivered
// even if it is ended in between. It posts an event to itself, as OneRoute would. With --once it ends after that.
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Fastify from 'fastify'
import webhooks from 'fastify-oneroute-webhooks'
import { sqliteInbox } from 'fastify-oneroute-webhooks/sqlite'
import { newMessage, sign } from 'fastify-oneroute-webhooks/testing'

const secret = process.env.ONEROUTE_SECRET ?? 'the-example-secret'
const data = process.env.DATA_DIR ?? fileURLToPath(new URL('data', import.meta.url))
mkdirSync(data, { recursive: true })
const path = join(data, 'webhooks.db')

const app = Fastify()
await app.register(webhooks, { secret, inbox: sqliteInbox({ path }) })

app.webhooks.on('newMessage', ({ message, conversation }, { receivedAt }) => {
  console.log(`${receivedAt.toISOString()} ${conversation.Channel.medium} ${conversation.id} ${message.sender.name}: ${message.content ?? '(no text)'}`)
})
app.webhooks.on('smsDeliveryReport', ({ conversation }) => {
  console.log(`SMS to ${conversation.to}: ${conversation.status} (${conversation.reason ?? 'no reason given'})`)
})
app.webhooks.on('unknown', ({ event }) => { console.log(`An event of another name: ${event}`) })

const address = await app.listen({ port: Number(process.env.PORT ?? 0), host: '127.0.0.1' })
const url = `${address}/webhooks/oneroute`
const { pending, done } = await app.webhooks.inbox.stats()
console.log(`${path} has ${done} events that were delivered, and ${pending} that wait`)

const sample = JSON.stringify(newMessage())
const heard = once(app.webhooks, 'newMessage')
const reply = await fetch(url, {
  method: 'POST',
  headers: { 'content-type': 'application/json', 'x-oneroute-signature': sign(sample, secret) },
  body: sample
})
console.log(`POST ${url} → ${reply.status} ${await reply.text()}`)
await heard

if (process.argv.includes('--once')) {
  await app.close()
} else {
  console.log(`\nIt stays up: end it with Ctrl-C, or send more, from another terminal:\n
  npx fastify-oneroute-webhooks send --to ${url} --secret ${secret} --content "Hello again"\n`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { void app.close() })
}
