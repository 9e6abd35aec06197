import { setTimeout } from 'node:timers/promises'
import { HostGroup } from '../../faults/helpers/host-group.ts'
import type { Member } from '../../faults/helpers/host-group.ts'
import { endAll } from '../end-all.ts'
import { csvOf } from '../results.ts'
import type { Found, Run } from '../run-context.ts'
import { openStore, PROCESSES } from '../stores.ts'
import type { DurableName } from '../stores.ts'
import { Traffic } from '../traffic.ts'
import { columnsOf, summaryOf } from './rows.ts'
import type { Row } from './rows.ts'
import { sizesOf } from './sizes.ts'
import type { Measure, Sizes } from './sizes.ts'

/** Milliseconds: what is done is purged after this, so that a run has it all. */
const KEEP = 60_000
/** Milliseconds between two looks at what was delivered. */
const LOOK = 250
/** Milliseconds without progress at the end until what is left is called lost. */
const PATIENCE = 60_000

/** Messages at a fixed rate for so many minutes; how long each takes, and what processes and stores grow to. */
export async function runSteady ({ scope, inbox, options: { rate, minutes, every }, signal, say }: Run<DurableName>): Promise<Found> {
  const store = await openStore(scope, inbox, { keep: KEEP })
  const group = new HostGroup(scope, { ...store.settings, options: { retry: {}, concurrency: 64 } })
  for (let i = 0; i < PROCESSES[inbox]; i++) await group.start()
  const measure = await sizesOf(scope, store)
  const traffic = new Traffic(group, rate)
  const watch = new Watch(traffic, group, measure)
  await watch.begin()
  traffic.start()
  const startedAt = performance.now()
  const rows: Row[] = []
  while (rows.length * every < minutes * 60 && !signal.aborted) {
    await look(traffic, startedAt + (rows.length + 1) * every * 1_000, signal)
    rows.push(await watch.row((performance.now() - startedAt) / 60_000))
    say(`${inbox}: ${(rows.length * every / 60).toFixed(1)} of ${minutes} minutes, ${traffic.delivered} events delivered`)
  }
  await traffic.end(PATIENCE)
  const problems = [...traffic.problems, ...await endAll(group)]
  return { database: store.database, problems, csv: csvOf(columnsOf(rows), rows), summary: summaryOf(rows, traffic, watch) }
}

/** Looks at what is delivered, until a time. */
async function look (traffic: Traffic, until: number, signal: AbortSignal): Promise<void> {
  while (performance.now() < until && !signal.aborted) {
    await setTimeout(Math.min(LOOK, Math.max(0, until - performance.now())))
    traffic.read()
  }
}

/** Looks at all that has a size, again and again. */
class Watch {
  readonly #traffic: Traffic
  readonly #group: HostGroup
  readonly #measure: Measure
  #before: { posted: number, delivered: number, sizes: Sizes } | undefined
  /** What the database has counted over the whole run, an event. */
  readonly totals = new Map<string, number>()

  constructor (traffic: Traffic, group: HostGroup, measure: Measure) {
    this.#traffic = traffic
    this.#group = group
    this.#measure = measure
  }

  async begin (): Promise<void> {
    this.#before = { posted: 0, delivered: 0, sizes: await this.#measure() }
  }

  /** What there was since the row before. */
  async row (minute: number): Promise<Row> {
    const { posted, delivered, answers, endToEnd } = this.#traffic
    const sizes = await this.#measure()
    const memory = await Promise.all(this.#group.members.map(memoryOf))
    const { pending = NaN } = await this.#group.stats()
    const before = this.#before ?? { posted: 0, delivered: 0, sizes }
    const events = delivered - before.delivered
    const counts = Object.entries(sizes.counts).map(([name, count]) => [name, count - (before.sizes.counts[name] ?? 0)] as const)
    for (const [name, count] of counts) this.totals.set(name, (this.totals.get(name) ?? 0) + count)
    const sum = (kind: 'rss' | 'heapUsed') => memory.reduce((total, usage) => total + usage[kind], 0)
    const row = {
      minute,
      posted: posted - before.posted,
      delivered: events,
      pending,
      answer: answers.take(),
      endToEnd: endToEnd.take(),
      bytes: { rss: sum('rss'), heap: sum('heapUsed'), ...sizes.bytes },
      dead: sizes.dead,
      perEvent: Object.fromEntries(counts.map(([name, count]) => [name, count / events]))
    }
    this.#before = { posted, delivered, sizes }
    return row
  }
}

async function memoryOf ({ client }: Member): Promise<NodeJS.MemoryUsage> {
  return (await client.get('/memory')).body as NodeJS.MemoryUsage // as the host answers it
}
