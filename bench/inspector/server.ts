import Fastify from 'fastify'
import webhooks, { type FindOptions } from '../../dist/index.js'
import inspector from '../../dist/lib/observe/inspector/inspector.js'
import { secret } from '../secret.ts'
import { createInbox } from '../servers/inbox.ts'
import { median } from '../statistics.ts'

/** Where it listens, said once. */
export interface Listening { port: number }

/** How long it takes to find one of a million, in milliseconds: medians. */
export interface Lookups { conversation: number, id: number }

/** Of the newest events, and as many of the oldest. */
const SAMPLE = 20
/** Characters of an id, as somebody copies them from a log. */
const PREFIX = 8

const app = Fastify()
await app.register(webhooks, { secret, inbox: createInbox() })
await app.register(inspector, { prefix: '/inspector', authorize: 'loopback' })
app.webhooks.on('newMessage', () => {})
const port = Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port)

process.on('disconnect', () => process.exit())
process.on('message', () => { void lookUp() })
process.send?.({ port } satisfies Listening)

async function lookUp () {
  const { inbox } = app.webhooks
  const { events: newest } = await inbox.find({ limit: SAMPLE })
  const { events: oldest } = await inbox.find({ limit: SAMPLE, before: SAMPLE + 1 })
  const conversations: number[] = []
  const ids: number[] = []
  for (const { id, lane } of [...newest, ...oldest]) {
    conversations.push(await timeOf({ conversation: lane }))
    ids.push(await timeOf({ id: id.slice(0, PREFIX) }))
  }
  process.send?.({ conversation: median(conversations), id: median(ids) } satisfies Lookups)
}

/** Until all that fits is found. */
async function timeOf (filter: FindOptions) {
  const startedAt = performance.now()
  let count = 0
  for (let before: number | null | undefined; before !== null;) {
    const found: Awaited<ReturnType<typeof app.webhooks.inbox.find>> = await app.webhooks.inbox.find({ ...filter, limit: 1_000, before })
    count += found.ids.length
    before = found.before
  }
  if (count === 0) throw new Error(`nothing fits ${JSON.stringify(filter)}`)
  return performance.now() - startedAt
}
