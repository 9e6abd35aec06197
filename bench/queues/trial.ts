import type { Database } from '../postgres/database.ts'
import type { Postgres } from '../postgres/server.ts'
import { startQueue, type QueueProcess } from './process.ts'
import type { Verdict } from './record.ts'

/** What one step of a queue took, in microseconds. */
export interface Step {
  events: number
  wall: number
  /** Of the process. */
  cpu: number
  /** Of PostgreSQL; 0 if that cannot be seen. */
  postgres: number
}

/** Events that are added first, and then delivered. */
export interface BacklogTrial {
  adding: Step
  delivering: Step
  verdict: Verdict
}

/** Events that are delivered as they are added. */
export interface StreamTrial {
  both: Step
  verdict: Verdict
}

export interface Load {
  events: number
  conversations: number
  /** The listener fails at the first attempt for every so many-th event. */
  failEvery?: number
}

export async function tryBacklog (name: string, postgres: Postgres, { events, conversations, failEvery }: Load): Promise<BacklogTrial> {
  return await withQueue(name, postgres, async (queue, { tidy }) => {
    const cpu = await queue.ask({ kind: 'make', events, conversations })
    const adding = await timed(postgres, events, cpu, () => queue.ask({ kind: 'add' }))
    await tidy()
    const delivering = await timed(postgres, events, cpu + adding.cpu, () => deliver(queue, events, failEvery))
    return { adding, delivering, verdict: await queue.judge() }
  })
}

export async function tryStream (name: string, postgres: Postgres, { events, conversations }: Load): Promise<StreamTrial> {
  return await withQueue(name, postgres, async (queue) => {
    await queue.ask({ kind: 'make', events, conversations })
    const cpu = await queue.ask({ kind: 'deliver' })
    const both = await timed(postgres, events, cpu, async () => {
      await queue.ask({ kind: 'add' })
      return await queue.ask({ kind: 'settle', handled: events })
    })
    return { both, verdict: await queue.judge() }
  })
}

/** One queue, in one process, on a database of its own. */
export async function withQueue<T> (name: string, postgres: Postgres, work: (queue: QueueProcess, database: Database) => Promise<T>) {
  const database = await postgres.createDatabase()
  const queue = await startQueue(name, database.url)
  const result = await work(queue, database)
  await queue.stop()
  await database.drop()
  return result
}

async function deliver (queue: QueueProcess, events: number, failEvery?: number) {
  await queue.ask({ kind: 'deliver', ...failEvery !== undefined && { failEvery } })
  return await queue.ask({ kind: 'settle', handled: events })
}

/** `work` resolves with the processor time since the process's start, of which `cpuBefore` was before. */
async function timed ({ processorTime = () => 0 }: Postgres, events: number, cpuBefore: number, work: () => Promise<number>): Promise<Step> {
  const postgresBefore = processorTime()
  const startedAt = performance.now()
  const cpu = await work() - cpuBefore
  return { events, wall: (performance.now() - startedAt) * 1_000, cpu, postgres: processorTime() - postgresBefore }
}
