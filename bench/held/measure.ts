import type { Postgres } from '../postgres/server.ts'
import { showProgress } from '../progress.ts'
import { ours, type QueueContestant } from '../queues/contestants.ts'
import type { FlowTask } from '../queues/worker.ts'
import { shuffled } from '../shuffled.ts'
import { heldFigures, type HeldFigures } from './figures.ts'
import { tryHeld } from './trial.ts'

/** So long each queue, or this plugin alone for so many events. */
export type HeldPlan = { queues: QueueContestant[], seconds: number, save: boolean } | { events: number }

/** Those that keep the order. */
export const heldContestants = ['ours', 'pg-boss', 'graphile-worker']

/** How often is looked how many events there were. */
const SAMPLES = 60
const SHORTEST_SAMPLE = 1
/** The same, of a number of events. */
const PARTS = 10

/** The queues one after the other, in an order that is drawn anew: each free, and then with a transaction left open. */
export async function measureHeld (postgres: Postgres, plan: HeldPlan): Promise<HeldFigures[]> {
  const steps = 'events' in plan ? stepsOfEvents(plan.events) : stepsOfTime(plan.seconds)
  const queues = 'events' in plan ? [ours] : plan.queues
  const figures = new Map<QueueContestant, HeldFigures>()
  for (const queue of shuffled(queues)) {
    const run = (held: boolean) => tryHeld(queue, postgres, { steps, held }, (step) => {
      showProgress(`${queue.title}, ${held ? 'a transaction left open' : 'free'}: ${step} of ${steps.length}`)
    })
    figures.set(queue, heldFigures(queue, await run(false), await run(true)))
  }
  showProgress('')
  return queues.flatMap((queue) => figures.get(queue) ?? [])
}

function stepsOfTime (seconds: number): FlowTask[] {
  const period = Math.max(SHORTEST_SAMPLE, seconds / SAMPLES)
  return Array.from({ length: Math.ceil(seconds / period) }, () => ({ kind: 'wait', seconds: period }))
}

function stepsOfEvents (events: number): FlowTask[] {
  return Array.from({ length: PARTS }, (_, index) => ({ kind: 'reach', handled: Math.ceil(events * (index + 1) / PARTS) }))
}
