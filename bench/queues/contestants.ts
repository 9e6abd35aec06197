import { CONCURRENCY, type OpenQueue } from './queue.ts'

export interface QueueContestant {
  name: string
  title: string
  /** What keeps a conversation's order, and what it takes to be quick. */
  order: string
  /** Of the events, for one that would take longer than all others together. */
  part?: number
  /** Only the process that uses a library loads it. */
  load: () => Promise<OpenQueue>
}

/** The one that the others are compared with. */
export const ours: QueueContestant = {
  name: 'ours',
  title: 'this plugin',
  order: 'a conversation is leased to one process',
  load: async () => (await import('./ours.ts')).open
}

export const queueContestants: QueueContestant[] = [
  ours,
  {
    name: 'graphile-worker',
    title: 'Graphile Worker',
    order: '`queueName`, and `runAt` that grows within a batch; `localQueue` and `completeJobBatchDelay`, and a look every 10 ms',
    load: async () => (await import('./graphile-worker.ts')).open
  },
  {
    name: 'pg-boss',
    title: 'pg-boss',
    order: '`key_strict_fifo`, and ids that grow within a batch; `batchSize` 500, `notify`, and `notifyWorker` as long as there is more',
    load: async () => (await import('./pg-boss.ts')).open
  },
  {
    name: 'bullmq',
    title: `BullMQ, ${CONCURRENCY} at once`,
    order: 'nothing',
    load: async () => (await import('./bullmq.ts')).withConcurrency(CONCURRENCY)
  },
  {
    name: 'bullmq-serial',
    title: 'BullMQ, one at a time',
    order: '`concurrency` 1, and no second process',
    part: 0.25,
    load: async () => (await import('./bullmq.ts')).withConcurrency(1)
  }
]

export function queueNamed (name: string) {
  const contestant = queueContestants.find((one) => one.name === name)
  if (contestant === undefined) throw new Error(`there is no queue '${name}'`)
  return contestant
}
