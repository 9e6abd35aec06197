import { subscribe } from 'node:diagnostics_channel'
import { join } from 'node:path'
import Fastify from 'fastify'
import webhooks, { type Inbox } from '../../dist/index.js'
import { sqliteInbox } from '../../dist/lib/inbox/sqlite/inbox.js'
import { oneRouteBodies } from '../bodies.ts'
import { temporaryFolder } from '../folder.ts'
import { serveTurns } from '../serve-turns.ts'
import { recordsVariants } from './variants.ts'

/** Microseconds of the processor for each event of a turn, from its arrival until it is recorded as done. */
export type RecordsReport = number

const variant = recordsVariants.find(({ name }) => name === process.argv[2])
if (variant === undefined) throw new Error(`no such variant: ${process.argv[2]}`)
const { failures, kept, observed } = variant

const app = Fastify()
const inbox = sqliteInbox({ path: join(temporaryFolder(), 'inbox.db') })
await app.register(webhooks, { inbox: kept ? inbox : forgetful(inbox), retry: { minDelay: 0, maxDelay: 0 } })
if (observed) {
  for (const name of ['receive', 'signature', 'delivery:start', 'delivery:end']) subscribe(`fastify-oneroute-webhooks:${name}`, () => {})
}
app.webhooks.on('newMessage', async function handle (_event, { attempt }) {
  await Promise.resolve()
  if (attempt <= failures) throw new Error('the other side is away')
})
await app.ready()

serveTurns(turn)

async function turn (events: number) {
  const bodies = oneRouteBodies(events)
  const before = process.cpuUsage()
  await Promise.all(bodies.map((body) => app.webhooks.receive(body)))
  while ((await app.webhooks.inbox.stats()).pending > 0) await new Promise((resolve) => { setTimeout(resolve, 5) })
  const { user, system } = process.cpuUsage(before)
  process.send?.((user + system) / events satisfies RecordsReport)
}

/** Keeps everything but what became of deliveries. */
function forgetful (inbox: Inbox): Inbox {
  return {
    durable: true,
    open: (host) => inbox.open(host),
    add: (event) => inbox.add(event),
    claim: (lanes) => inbox.claim(lanes),
    settle: (claim, outcomes) => inbox.settle(claim, outcomes.map(({ delivery: _delivery, ...outcome }) => outcome)),
    stats: () => inbox.stats(),
    list: (options) => inbox.list(options),
    get: (id) => inbox.get(id),
    replay: (ids, options) => inbox.replay(ids, options),
    discard: (ids) => inbox.discard(ids),
    forget: (lane) => inbox.forget(lane),
    close: () => inbox.close()
  }
}
