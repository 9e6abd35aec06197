import type { QueueContestant } from '../queues/contestants.ts'
import type { Order } from '../queues/figures.ts'
import type { FlowState } from '../queues/flow.ts'
import type { HeldTrial } from './trial.ts'

export interface Step {
  /** At its end, since the beginning. */
  seconds: number
  events: number
  eventsPerSecond: number
}

/** One queue, free or with a transaction left open. */
export interface Course {
  steps: Step[]
  eventsPerSecond: number
  /** In the last tenth. */
  lastEventsPerSecond: number
  /** From adding an event to its listener, in milliseconds. */
  p95: number
  dead: number
  order: Order
}

export interface HeldFigures {
  name: string
  title: string
  free: Course
  held: Course
}

export function heldFigures ({ name, title }: QueueContestant, free: HeldTrial, held: HeldTrial): HeldFigures {
  return { name, title, free: courseOf(free), held: courseOf(held) }
}

function courseOf ({ states, dead }: HeldTrial): Course {
  const { p95 = NaN, overtaken = NaN, twice = NaN } = states.at(-1) ?? {}
  return {
    steps: states.slice(1).map((state, index) => stepOf(state, states[index])),
    eventsPerSecond: speed(states),
    lastEventsPerSecond: speed(states.slice(-1 - Math.ceil((states.length - 1) / 10))),
    p95,
    dead,
    order: { overtaken, twice }
  }
}

function stepOf (state: FlowState, before?: FlowState): Step {
  return { seconds: state.wall / 1_000, events: state.handled, eventsPerSecond: speed([before, state]) }
}

/** From the first to the last. */
function speed (states: Array<FlowState | undefined>) {
  const [first, last] = [states.at(0), states.at(-1)]
  return first && last ? (last.handled - first.handled) / (last.wall - first.wall) * 1_000 : NaN
}
