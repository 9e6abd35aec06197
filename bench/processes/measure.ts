import type { Postgres } from '../postgres/server.ts'
import { showProgress } from '../progress.ts'
import { ours } from '../queues/contestants.ts'
import { startQueue, type QueueProcess } from '../queues/process.ts'
import { shuffled } from '../shuffled.ts'
import { quartiles, sum, type Quartiles } from '../statistics.ts'

export interface ProcessesPlan {
  rounds: number
  /** Pending when the processes begin to deliver. */
  events: number
}

/** What processes with one database do, a second. */
export interface ProcessesFigures {
  /** One process that only adds. */
  adds: Quartiles
  /** One process that adds and delivers: from the first until the last is added, and until the last is recorded as done. */
  both: { adds: Quartiles, deliveries: Quartiles }
  deliveries: Array<{ processes: number, deliveriesPerSecond: Quartiles }>
}

interface Speeds {
  adds: number
  deliveries: number
}

const PROCESSES = [1, 2, 4]
const CONVERSATIONS = 2_000

export async function measureProcesses (postgres: Postgres, { rounds, events }: ProcessesPlan): Promise<ProcessesFigures> {
  const speeds = new Map<number, Speeds[]>(PROCESSES.map((count) => [count, []]))
  const both: Speeds[] = []
  for (let round = 1; round <= rounds; round++) {
    showProgress(`processes, round ${round} of ${rounds}`)
    for (const [count, own] of shuffled([...speeds])) own.push(await addAndThenDeliver(postgres, events, count))
    both.push(await addAndDeliver(postgres, events))
  }
  showProgress('')
  const adds = [...speeds.values()].flat().map(({ adds }) => adds)
  return {
    adds: quartiles(adds),
    both: { adds: quartiles(both.map(({ adds }) => adds)), deliveries: quartiles(both.map(({ deliveries }) => deliveries)) },
    deliveries: [...speeds].map(([processes, own]) => (
      { processes, deliveriesPerSecond: quartiles(own.map(({ deliveries }) => deliveries)) }
    ))
  }
}

/** One process adds, and looks whether all is done: so it is no burden on those that deliver. */
async function addAndThenDeliver (postgres: Postgres, events: number, count: number): Promise<Speeds> {
  const database = await postgres.createDatabase()
  const adding = await startQueue(ours.name, database.url)
  await adding.ask({ kind: 'make', events, conversations: CONVERSATIONS })
  const adds = await speedOf(events, () => adding.ask({ kind: 'add' }))
  const delivering = await Promise.all(Array.from({ length: count }, () => startQueue(ours.name, database.url)))
  await database.tidy()
  const deliveries = await speedOf(events, async () => {
    await Promise.all(delivering.map(({ ask }) => ask({ kind: 'deliver' })))
    await adding.ask({ kind: 'settle', handled: 0 })
  })
  await assertDelivered(delivering, events)
  await Promise.all([adding, ...delivering].map(({ stop }) => stop()))
  await database.drop()
  return { adds, deliveries }
}

async function addAndDeliver (postgres: Postgres, events: number): Promise<Speeds> {
  const database = await postgres.createDatabase()
  const queue = await startQueue(ours.name, database.url)
  await queue.ask({ kind: 'make', events, conversations: CONVERSATIONS })
  await queue.ask({ kind: 'deliver' })
  let adds = 0
  const deliveries = await speedOf(events, async () => {
    adds = await speedOf(events, () => queue.ask({ kind: 'add' }))
    await queue.ask({ kind: 'settle', handled: events })
  })
  await assertDelivered([queue], events)
  await queue.stop()
  await database.drop()
  return { adds, deliveries }
}

/** Without a crash, each event is handled once, and in order. */
async function assertDelivered (processes: QueueProcess[], events: number) {
  const verdicts = await Promise.all(processes.map(({ judge }) => judge()))
  const handled = sum(verdicts.map(({ handled }) => handled))
  const wrong = sum(verdicts.map(({ twice, overtaken }) => twice + overtaken))
  if (handled !== events || wrong > 0) throw new Error(`of ${events} events, ${handled} were handled, and ${wrong} twice or too late`)
}

async function speedOf (events: number, work: () => Promise<unknown>) {
  const startedAt = performance.now()
  await work()
  return events / (performance.now() - startedAt) * 1_000
}
