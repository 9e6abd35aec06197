import { createPostgresBackend, runMigrations, withBackend } from 'bullmq'
import pg from 'pg'
import type { NewMessage } from '../servers/new-message.ts'
import { batches, parsed, type OpenQueue } from './queue.ts'

const QUEUE = 'events'

const { Queue, Worker } = withBackend(createPostgresBackend)

/**
 * Its backend for PostgreSQL. With Redis and with this one, it keeps the order of all events or of none: queues within a queue
 * ("groups") are a matter of BullMQ Pro. Tried on 2 cores: 8 to 64 at once, 1, 2 and 8 workers, 10 and 66 connections, all about
 * 1 300 to 1 900 deliveries a second.
 */
export function withConcurrency (concurrency: number): OpenQueue {
  return async (connectionString) => {
    await migrate(connectionString)
    const connection = { connectionString }
    const queue = new Queue<NewMessage>(QUEUE, { connection })
    queue.on('error', () => {})

    return {
      takesBatches: true,
      add: async (bodies) => {
        for (const batch of batches(bodies)) {
          await queue.addBulk(batch.map((body) => ({ name: 'deliver', data: parsed(body), opts: { attempts: 5, removeOnComplete: true } })))
        }
      },
      deliver: async (handle) => {
        const worker = new Worker<NewMessage>(QUEUE, async ({ data }) => { handle(data) }, { connection, concurrency })
        worker.on('error', () => {})
        await worker.waitUntilReady()
      },
      pending: async () => {
        const { waiting = 0, active = 0, delayed = 0 } = await queue.getJobCounts('waiting', 'active', 'delayed')
        return waiting + active + delayed
      }
    }
  }
}

async function migrate (connectionString: string) {
  const client = new pg.Client(connectionString)
  await client.connect()
  await runMigrations(client)
  await client.end()
}
