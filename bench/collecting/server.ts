// A process whose apps have a listener, a collector, or both, one app for each turn: <inbox> <the variant's name> <the database's file or address>
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import Fastify from 'fastify'
import webhooks from '../../dist/index.js'
import { postgresInbox } from '../../dist/lib/inbox/postgres/inbox.js'
import { sqliteInbox } from '../../dist/lib/inbox/sqlite/inbox.js'
import { oneRouteBurst } from '../bodies.ts'
import { settled } from '../servers/settled.ts'

/** What a turn has: so many bursts of so many events. */
export interface CollectingTurn {
  bursts: number
  size: number
}

/** What the events of a turn took, from the arrival of the first until the last is recorded as done. */
export interface CollectingReport {
  /** Microseconds of this process on a processor. */
  cpu: number
  /** Bursts that a collector got. There are more than came in if the machine was too slow for their pauses. */
  collected: number
}

/** All of a turn begin within so many milliseconds. */
const WITHIN = 1_000
/** Milliseconds from an event of a burst to the next one, and after the last one until it is complete. */
const PAUSE = 50
const QUIET = 200
/** So many that no burst is complete because of that. */
const MOST = 100

const [inboxName, name, database = ''] = process.argv.slice(2)
const [listens, collects] = [name !== 'collector', name !== 'listener']
const inbox = inboxName === 'sqlite' ? () => sqliteInbox({ path: database }) : () => postgresInbox({ connectionString: database })

process.on('disconnect', () => process.exit())
process.on('message', (message: CollectingTurn | object) => { if ('size' in message) void turn(message) })
process.send?.('started')

/** It says that the app is ready, and is told to go on; then what it took, once all is done; and then that the app is closed. */
async function turn ({ bursts, size }: CollectingTurn) {
  const bodies = Array.from({ length: bursts }, () => oneRouteBurst(size))
  const app = Fastify()
  await app.register(webhooks, { inbox: inbox() })
  app.webhooks.on('error', (error) => {
    console.error(error)
    process.exit(1)
  })
  const count = bursts * size
  let [heard, taken, collected] = [0, 0, 0]
  const isThrough = new Promise<void>((resolve) => {
    const look = () => { if ((!listens || heard === count) && (!collects || taken === count)) resolve() }
    if (listens) {
      app.webhooks.on('newMessage', async function hear () {
        await Promise.resolve()
        heard++
        look()
      })
    }
    if (collects) {
      app.webhooks.collect('newMessage', { quiet: QUIET, most: MOST }, async function take (events) {
        await Promise.resolve()
        taken += events.length
        collected++
        look()
      })
    }
  })
  await app.ready()
  process.send?.('ready')
  await once(process, 'message')

  const before = process.cpuUsage()
  await Promise.all(bodies.map(async (burst) => {
    await setTimeout(Math.random() * WITHIN)
    for (const [i, body] of burst.entries()) {
      if (i > 0) await setTimeout(PAUSE)
      await app.webhooks.receive(body)
    }
  }))
  await isThrough
  await settled(app)
  const { user, system } = process.cpuUsage(before)
  process.send?.({ cpu: user + system, collected } satisfies CollectingReport)
  await app.close()
  process.send?.('closed')
}
