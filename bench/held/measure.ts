import type { Postgres } from '../postgres/server.ts'
import { showProgress } from '../progress.ts'
import { ours, type QueueContestant } from '../queues/contestants.ts'
import type { FlowTask } from '../queues/worker.ts'
import { shuffled } from '../shuffled.ts'
import { heldFigures, type HeldFigures } from './figures.ts'
import { tryHeld } from './trial.ts'

/** Each queue for so long, or this plugin alone for so many events. */
export type HeldPlan = TimedPlan | { events: number }

interface TimedPlan {
  queues: QueueContestant[]
  seconds: number
  /** Whether the result is kept. */
  save: boolean
}

/** Those that keep the order. */
export const heldContestants = ['ours', 'pg-boss', 'graphile-worker']

/** How many steps the time has, and how long each is at least, in seconds. */
const STEPS = 60
const SHORTEST = 1
/** A queue is measured free for such a part of the time for which it is measured with a transaction left open. */
const FREE_PART = 3
/** How many steps a number of events has. */
const PARTS = 10

/** The queues one after the other, in an order that is drawn anew: each free for a while, and then with a transaction left open. */
export async function measureHeld (postgres: Postgres, plan: HeldPlan): Promise<HeldFigures[]> {
  const steps = 'events' in plan ? stepsOfEvents(plan.events) : stepsOfTime(plan.seconds)
  // What is free changes little over time.
  const freeSteps = 'events' in plan ? steps : steps.slice(0, Math.ceil(steps.length / FREE_PART))
  const queues = 'events' in plan ? [ours] : plan.queues
  const figures = new Map<QueueContestant, HeldFigures>()
  for (const queue of shuffled(queues)) {
    const run = (held: boolean, steps: readonly FlowTask[]) => tryHeld(queue, postgres, { steps, held }, (step) => {
      showProgress(`${queue.title}, ${held ? 'a transaction left open' : 'free'}: ${step} of ${steps.length}`)
    })
    figures.set(queue, heldFigures(queue, await run(false, freeSteps), await run(true, steps)))
  }
  showProgress('')
  return queues.flatMap((queue) => figures.get(queue) ?? [])
}

function stepsOfTime (seconds: number): FlowTask[] {
  const period = Math.max(SHORTEST, seconds / STEPS)
  return Array.from({ length: Math.ceil(seconds / period) }, () => ({ kind: 'wait', seconds: period }))
}

function stepsOfEvents (events: number): FlowTask[] {
  return Array.from({ length: PARTS }, (_, index) => ({ kind: 'reach', handled: Math.ceil(events * (index + 1) / PARTS) }))
}
