import { startChild } from '../child.ts'
import type { Postgres } from '../postgres/server.ts'
import { showProgress } from '../progress.ts'
import { shuffled } from '../shuffled.ts'
import { median, quartiles, ratios, type Quartiles } from '../statistics.ts'
import type { CollectingReport, CollectingTurn } from './server.ts'
import { createStore, type Writes } from './stores.ts'
import { base, BURSTS, collectingInboxes, collectingVariants, type CollectingInbox, type CollectingVariant } from './variants.ts'

export interface CollectingPlan {
  cycles: number
  /** In a turn. */
  events: number
}

/** All by the event. Ratios are to a listener, with the same inbox and bursts, in the same cycle. */
export interface CollectingFigures {
  inbox: string
  size: number
  title: string
  processorTimeRatio: Quartiles
  /** Medians, in microseconds; without PostgreSQL's, 0, if that cannot be seen. */
  microseconds: { node: number, postgres: number }
  logRatio: Quartiles
  /** Bytes. */
  log: number
  transactions: Quartiles
  /** NaN if they cannot be counted. */
  rows: Quartiles
  /** How often a collector was called, by the burst that came in. */
  calls: number
}

/** By the event, and in microseconds. */
interface Turn extends Writes {
  node: number
  postgres: number
  calls: number
}

/** What it costs that events are handed over together: the same bursts, with each inbox, in turn. */
export async function measureCollecting (postgres: Postgres, { cycles, events }: CollectingPlan): Promise<CollectingFigures[]> {
  const servers = []
  for (const inbox of collectingInboxes) for (const variant of collectingVariants) servers.push(await start(inbox, variant, postgres))
  const series = servers.flatMap((server) => BURSTS.map((size) => ({ ...server, size, turns: [] as Turn[] })))
  for (let cycle = 0; cycle <= cycles; cycle++) {
    showProgress(`events that are collected, cycle ${cycle} of ${cycles}`)
    for (const { take, size, turns } of shuffled(series)) {
      const turn = await take({ bursts: Math.ceil(events / size), size })
      if (cycle > 0) turns.push(turn) // the first one warms up
    }
  }
  showProgress('')
  for (const { stop } of servers) await stop()
  return collectingInboxes.flatMap((inbox) => BURSTS.flatMap((size) => {
    const own = series.filter((one) => one.inbox === inbox && one.size === size)
    const baseline = own.find(({ variant: { name } }) => name === base)?.turns ?? []
    return own.map(({ variant: { title }, turns }) => figuresOf({ inbox: inbox.title, size, title }, turns, baseline))
  }))
}

async function start (inbox: CollectingInbox, variant: CollectingVariant, postgres: Postgres) {
  const store = await createStore[inbox.name](postgres)
  const child = startChild('collecting/server.ts', [inbox.name, variant.name, store.address])
  await child.answer()
  const { processorTime = () => 0 } = inbox.name === 'postgres' ? postgres : {}
  return {
    inbox,
    variant,
    take: async (turn: CollectingTurn): Promise<Turn> => {
      child.tell(turn)
      await child.answer()
      const written = await store.watch()
      const before = processorTime()
      child.tell({ go: true })
      // server.ts sends that then.
      const { cpu, collected } = await child.answer() as CollectingReport
      const after = processorTime()
      await child.answer()
      const { transactions, bytes, rows } = await written()
      const events = turn.bursts * turn.size
      return { node: cpu / events, postgres: (after - before) / events, transactions: transactions / events, bytes: bytes / events, rows: rows / events, calls: collected / turn.bursts }
    },
    stop: async () => {
      await child.stop()
      await store.drop()
    }
  }
}

function figuresOf (what: Pick<CollectingFigures, 'inbox' | 'size' | 'title'>, turns: Turn[], baseline: Turn[]): CollectingFigures {
  const each = (figure: keyof Turn, of = turns) => of.map((turn) => turn[figure])
  return {
    ...what,
    processorTimeRatio: quartiles(ratios(turns.map(cost), baseline.map(cost))),
    microseconds: { node: median(each('node')), postgres: median(each('postgres')) },
    logRatio: quartiles(ratios(each('bytes'), each('bytes', baseline))),
    log: median(each('bytes')),
    transactions: quartiles(each('transactions')),
    rows: quartiles(each('rows')),
    calls: median(each('calls'))
  }
}

function cost ({ node, postgres }: Turn) {
  return node + postgres
}
