// A process that fills a file with events: <file> <how many are delivered> <how many are pending>
import Fastify from 'fastify'
import type { Claim, Outcome } from '../../dist/index.js'
import { sqliteInbox } from '../../dist/lib/inbox/sqlite/inbox.js'
import { oneRouteBodies } from '../bodies.ts'
import { newEvent } from '../new-event.ts'
import { MANY_CONVERSATIONS } from '../requests.ts'

/** Few enough for the inbox to have them all in memory until they are settled. */
const AT_ONCE = 1_000

process.on('disconnect', () => process.exit())
const [path = '', done, pending] = process.argv.slice(2)
const inbox = sqliteInbox({ path })
await inbox.open({ log: Fastify().log, maxBacklog: Number.MAX_SAFE_INTEGER, wake () {} })
await add(Number(done), deliver)
await add(Number(pending))
await assertFilled(Number(done), Number(pending))
await inbox.close()
process.send?.('filled')

async function add (count: number, then = async () => {}) {
  for (let left = count; left > 0; left -= AT_ONCE) {
    const bodies = oneRouteBodies(Math.min(AT_ONCE, left), MANY_CONVERSATIONS)
    await Promise.all(bodies.map((body) => inbox.add(newEvent(body))))
    await then()
  }
}

async function deliver () {
  for (let claims = await inbox.claim(AT_ONCE); claims.length > 0; claims = await inbox.claim(AT_ONCE)) {
    for (const claim of claims) await inbox.settle(claim, outcomes(claim))
  }
}

function outcomes ({ events }: Claim): Outcome[] {
  return events.map(({ seq }) => ({ seq, state: 'done', dueAt: null, completed: [], error: null }))
}

async function assertFilled (done: number, pending: number) {
  const stats = await inbox.stats()
  if (stats.done !== done || stats.pending !== pending) throw new Error(`the file has not what it should: ${JSON.stringify(stats)}`)
}
