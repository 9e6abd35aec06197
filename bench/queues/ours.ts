import Fastify from 'fastify'
import webhooks from '../../dist/index.js'
import { postgresInbox } from '../../dist/lib/inbox/postgres/inbox.js'
import { newEvent } from '../new-event.ts'
import { BATCH, type OpenQueue } from './queue.ts'

/** Events are added one by one, as they come in over HTTP: as many are under way as others have in a batch. */
export const open: OpenQueue = async (connectionString) => {
  const inbox = postgresInbox({ connectionString })
  const app = Fastify()
  await app.register(webhooks, { inbox, retry: { minDelay: 0, maxDelay: 0 } })
  await app.ready()

  async function addNext (bodies: ArrayIterator<string>) {
    for (const body of bodies) {
      const status = await inbox.add(newEvent(body))
      if (status !== 'accepted') throw new Error(`an event is ${status}`)
    }
  }

  return {
    takesBatches: false,
    add: async (bodies) => {
      const queue = bodies.values()
      await Promise.all(Array.from({ length: Math.min(BATCH, bodies.length) }, () => addNext(queue)))
    },
    // Nothing is delivered before somebody listens.
    deliver: async (handle) => { app.webhooks.on('newMessage', (event) => { handle(event) }) },
    pending: async () => (await inbox.stats()).pending
  }
}
