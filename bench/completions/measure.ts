import { startChild } from '../child.ts'
import type { Postgres } from '../postgres/server.ts'
import { showProgress } from '../progress.ts'
import { shuffled } from '../shuffled.ts'
import { median, quartiles, ratios, type Quartiles } from '../statistics.ts'
import type { CompletionsReport } from './server.ts'
import { base, completionsVariants, type CompletionsVariant } from './variants.ts'

export interface CompletionsPlan {
  cycles: number
  /** In a turn. */
  events: number
}

/** Ratios are to a listener that only saves, in the same cycle. */
export interface CompletionsFigures {
  title: string
  /** Of the processor time of an event. Lower is better. */
  processorTimeRatio: Quartiles
  /** Medians, in microseconds; without PostgreSQL's, 0, if that cannot be seen. */
  microsecondsPerEvent: { node: number, postgres: number }
  /** Of the events a second. Higher is better. */
  eventsPerSecondRatio: Quartiles
  eventsPerSecond: Quartiles
}

/** A turn, by the event, in microseconds. */
interface Turn {
  node: number
  postgres: number
  wall: number
}

/** What it costs that a row that is saved is there once: the same events, with PostgreSQL, in turn. */
export async function measureCompletions (postgres: Postgres, plan: CompletionsPlan): Promise<CompletionsFigures[]> {
  const servers = []
  for (const variant of completionsVariants) servers.push(await start(variant, postgres))
  for (let cycle = 0; cycle <= plan.cycles; cycle++) {
    showProgress(`events that are completed in a transaction, cycle ${cycle} of ${plan.cycles}`)
    for (const { take, turns } of shuffled(servers)) {
      const turn = await take(plan.events)
      if (cycle > 0) turns.push(turn) // the first one warms up
    }
  }
  showProgress('')
  for (const { stop } of servers) await stop()
  const baseline = servers.find(({ name }) => name === base)?.turns ?? []
  return servers.map(({ title, turns }) => figuresOf(title, turns, baseline))
}

/** Each in a database of its own. */
async function start ({ name, title }: CompletionsVariant, { createDatabase, processorTime = () => 0 }: Postgres) {
  const database = await createDatabase()
  const child = startChild('completions/server.ts', [name, database.url])
  await child.answer()
  return {
    name,
    title,
    turns: [] as Turn[],
    take: async (events: number): Promise<Turn> => {
      const before = processorTime()
      child.tell({ events })
      // server.ts sends nothing else.
      const { wall, cpu } = await child.answer() as CompletionsReport
      return { node: cpu / events, postgres: (processorTime() - before) / events, wall: wall * 1_000 / events }
    },
    stop: async () => {
      await child.stop()
      await database.drop()
    }
  }
}

function figuresOf (title: string, turns: Turn[], baseline: Turn[]): CompletionsFigures {
  return {
    title,
    processorTimeRatio: quartiles(ratios(turns.map(cost), baseline.map(cost))),
    microsecondsPerEvent: { node: median(turns.map(({ node }) => node)), postgres: median(turns.map(({ postgres }) => postgres)) },
    eventsPerSecondRatio: quartiles(ratios(turns.map(speed), baseline.map(speed))),
    eventsPerSecond: quartiles(turns.map(speed))
  }
}

function cost ({ node, postgres }: Turn) {
  return node + postgres
}

function speed ({ wall }: Turn) {
  return 1_000_000 / wall
}
