import { median, quartiles, ratios, sum, type Quartiles } from '../statistics.ts'
import type { QueueContestant } from './contestants.ts'
import type { BacklogTrial, Step, StreamTrial } from './trial.ts'

/** One queue's rounds. */
export interface QueueTrials {
  plain: BacklogTrial[]
  stream: StreamTrial[]
  /** Of events of which some fail at first. */
  retried: BacklogTrial[]
}

/** Of all rounds together. (If an event is lost, the benchmark stops.) */
export interface Order {
  /** Events that were handled after a later one of their conversation. */
  overtaken: number
  /** Times that an event was handled once more. */
  twice: number
}

/** Ratios are to this plugin in the same round: higher is better. */
export interface QueueFigures {
  name: string
  title: string
  /** What keeps the order. */
  order: string
  addsPerSecond: Quartiles
  /** Of a backlog. */
  deliveriesPerSecond: Quartiles
  deliveriesRatio: Quartiles
  /** From the first add to the last event that is done, while they are added. */
  streamPerSecond: Quartiles
  streamRatio: Quartiles
  /** Medians of the processor time to deliver an event of a backlog, in microseconds. */
  microsecondsPerEvent: { node: number, postgres: number }
  plain: Order
  retried: Order
}

export function queueFigures ({ name, title, order }: QueueContestant, own: QueueTrials, ours: QueueTrials): QueueFigures {
  const { plain, stream, retried } = own
  return {
    name,
    title,
    order,
    addsPerSecond: quartiles(plain.map(({ adding }) => speed(adding))),
    deliveriesPerSecond: quartiles(deliveries(own)),
    deliveriesRatio: quartiles(ratios(deliveries(own), deliveries(ours))),
    streamPerSecond: quartiles(streamed(own)),
    streamRatio: quartiles(ratios(streamed(own), streamed(ours))),
    microsecondsPerEvent: {
      node: median(plain.map(({ delivering: { cpu, events } }) => cpu / events)),
      postgres: median(plain.map(({ delivering: { postgres, events } }) => postgres / events))
    },
    plain: orderOf([...plain, ...stream]),
    retried: orderOf(retried)
  }
}

function deliveries ({ plain }: QueueTrials) {
  return plain.map(({ delivering }) => speed(delivering))
}

function streamed ({ stream }: QueueTrials) {
  return stream.map(({ both }) => speed(both))
}

function speed ({ events, wall }: Step) {
  return events / wall * 1_000_000
}

function orderOf (trials: Array<BacklogTrial | StreamTrial>): Order {
  const verdicts = trials.map(({ verdict }) => verdict)
  return {
    overtaken: sum(verdicts.map(({ overtaken }) => overtaken)),
    twice: sum(verdicts.map(({ twice }) => twice))
  }
}
