import { setTimeout } from 'node:timers/promises'
import Fastify from 'fastify'
import webhooks from '../../dist/index.js'
import { createInbox } from './inbox.ts'
import { work, workDone } from './work.ts'

/** What a process with pending events tells after its start, and once more when it was told to deliver them. */
export interface BacklogReport {
  /** From the registration of the plugin, which opens the file, until the app could listen, in milliseconds. */
  ready: number
  /** The most bytes in memory since the report before. */
  memory: number
  /** Events delivered a second. */
  speed: number
}

/** Milliseconds: longer than it takes an inbox to have read what it likes to have in memory. */
const WATCHED = 3_000
const SAMPLE = 10

let memory = 0
setInterval(() => { memory = Math.max(memory, process.memoryUsage.rss()) }, SAMPLE)

const app = Fastify()
const startedAt = performance.now()
await app.register(webhooks, { inbox: createInbox(), maxBacklog: Number.MAX_SAFE_INTEGER })
await app.ready()
const ready = performance.now() - startedAt

process.on('disconnect', () => process.exit())
process.on('message', () => { void deliver() })
// Nobody listens yet, and so nothing is delivered.
await setTimeout(WATCHED)
report(0)

async function deliver () {
  memory = 0
  const { pending } = await app.webhooks.inbox.stats()
  const startedAt = performance.now()
  app.webhooks.on('newMessage', ({ message, conversation }) => { work(message.content, conversation.id) })
  while (workDone().events < pending && performance.now() - startedAt < WATCHED) await setTimeout(SAMPLE)
  report(workDone().events / (performance.now() - startedAt) * 1_000)
}

function report (speed: number) {
  process.send?.({ ready, memory, speed } satisfies BacklogReport)
}
