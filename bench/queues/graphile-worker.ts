import { makeWorkerUtils, run, runMigrations, Logger, type Task } from 'graphile-worker'
import pg from 'pg'
import type { NewMessage } from '../servers/new-message.ts'
import { batches, BATCH, CONCURRENCY, parsed, type OpenQueue } from './queue.ts'

const HOUR = 3_600_000

/**
 * Tried on 2 cores: without a local queue 500 to 1 300 deliveries a second, with 8 to 64 jobs at once. With one, events of a
 * conversation that is under way do not fill it, which is taken for "no more", and so all hangs on the polling: 250 a second with
 * the 2 s that are the default, 10 000 with 10 ms, and 13 000 with 1 ms. More in the local queue than 500 changes nothing.
 */
const worker = {
  concurrentJobs: CONCURRENCY,
  pollInterval: 10,
  localQueue: { size: BATCH },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0
}

export const open: OpenQueue = async (connectionString) => {
  const pgPool = new pg.Pool({ connectionString })
  pgPool.on('error', () => {})
  pgPool.on('connect', (client) => { client.on('error', () => {}) })
  const logger = new Logger(() => () => {})
  await runMigrations({ pgPool, logger })
  const utils = await makeWorkerUtils({ pgPool, logger })
  // Jobs of a batch have the same time if it is left to the server, and then any order.
  let runAt = Date.now() - HOUR

  return {
    takesBatches: true,
    add: async (bodies) => {
      for (const batch of batches(bodies)) {
        await utils.addJobs(batch.map(parsed).map((payload) => (
          { identifier: 'deliver', payload, queueName: payload.conversation.id, runAt: new Date(runAt++) }
        )))
      }
    },
    deliver: async (handle) => {
      // `addJobs` is given nothing else.
      const deliver: Task = async (payload) => { handle(payload as NewMessage) }
      await run({ preset: { worker }, pgPool, logger, noHandleSignals: true, taskList: { deliver } })
    },
    pending: async () => {
      const { rows: [row] } = await pgPool.query<{ count: string }>('SELECT count(*) FROM graphile_worker.jobs')
      return Number(row?.count)
    }
  }
}
