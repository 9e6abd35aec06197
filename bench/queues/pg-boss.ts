import pg from 'pg'
import { PgBoss, type Job, type JobResult } from 'pg-boss'
import type { NewMessage } from '../servers/new-message.ts'
import { batches, BATCH, parsed, type OpenQueue } from './queue.ts'

const QUEUE = 'events'

/** Seconds: no less is allowed. */
const looks = { pollingIntervalSeconds: 0.5, notifyPollingIntervalSeconds: 0.5 }

/**
 * Tried on 2 cores, deliveries a second: 1 800 with a `batchSize` of 16, 4 700 with 64, 8 000 with 128 and with 256, 10 000 with 500
 * and with 1 000, and not more with 2 or 4 workers. Without `notifyWorker` it rests for half a second after each batch that is not
 * full, as those are that have a conversation's next event each: 3 100 with 64. `notify` is for events that come in while it rests.
 */
const options = { batchSize: BATCH, ...looks, burstWhenBatchFull: true, perJobResults: true } as const

export const open: OpenQueue = async (connectionString) => {
  const boss = new PgBoss({ connectionString, useListenNotify: true })
  boss.on('error', () => {})
  await boss.start()
  await boss.createQueue(QUEUE, { policy: 'key_strict_fifo', notify: true, retryLimit: 5, retryDelay: 0 })
  const pool = new pg.Pool({ connectionString, max: 1 })
  pool.on('error', () => {})

  return {
    takesBatches: true,
    add: async (bodies) => {
      for (const batch of batches(bodies)) {
        await boss.insert(QUEUE, batch.map(parsed).map((data) => ({ id: nextId(), data, singletonKey: data.conversation.id })))
      }
    },
    deliver: async (handle) => {
      let worker = ''
      worker = await boss.work<NewMessage, JobResult[], typeof options>(QUEUE, options, async (jobs) => {
        boss.notifyWorker(worker)
        return jobs.map((job) => resultOf(job, handle))
      })
    },
    pending: async () => {
      const { rows: [row] } = await pool.query<{ count: string }>(
        "SELECT count(*) FROM pgboss.job WHERE name = $1 AND state < 'completed'", [QUEUE])
      return Number(row?.count)
    }
  }
}

function resultOf ({ id, data }: Job<NewMessage>, handle: (event: NewMessage) => void): JobResult {
  try {
    handle(data)
    return { id, status: 'completed' }
  } catch {
    return { id, status: 'failed' }
  }
}

let count = 0

/** A UUID that is greater than the one before: jobs of a batch have the same time, and then their ids decide. */
function nextId () {
  return `00000000-0000-7000-8000-${(++count).toString(16).padStart(12, '0')}`
}
