import type { Postgres } from '../postgres/server.ts'
import { showProgress } from '../progress.ts'
import { shuffled } from '../shuffled.ts'
import { ours, type QueueContestant } from './contestants.ts'
import { queueFigures, type QueueFigures, type QueueTrials } from './figures.ts'
import { tryBacklog, tryStream, type Load } from './trial.ts'

export interface QueuesPlan {
  queues: QueueContestant[]
  rounds: number
  /** A backlog that is delivered in a round. */
  events: number
  /** Events that are delivered as they are added. */
  streamEvents: number
  /** A backlog of which some events fail at first. */
  retryEvents: number
}

/** All queues in each round, one after the other, in an order that is drawn anew. */
export async function measureQueues (postgres: Postgres, { queues, rounds, ...sizes }: QueuesPlan): Promise<QueueFigures[]> {
  const trials = new Map<QueueContestant, QueueTrials>(queues.map((queue) => [queue, { plain: [], stream: [], retried: [] }]))
  for (let round = 1; round <= rounds; round++) {
    for (const [queue, { plain, stream, retried }] of shuffled([...trials])) {
      showProgress(`queues, round ${round} of ${rounds}: ${queue.title}`)
      const loads = loadsOf(queue, sizes)
      plain.push(await tryBacklog(queue.name, postgres, loads.plain))
      stream.push(await tryStream(queue.name, postgres, loads.stream))
      retried.push(await tryBacklog(queue.name, postgres, loads.retried))
    }
  }
  showProgress('')
  const base = trials.get(ours) ?? { plain: [], stream: [], retried: [] }
  return [...trials].map(([queue, own]) => queueFigures(queue, own, base))
}

function loadsOf ({ part = 1 }: QueueContestant, { events, streamEvents, retryEvents }: Omit<QueuesPlan, 'queues' | 'rounds'>) {
  return {
    plain: { events: Math.ceil(events * part), conversations: 500 },
    // Conversations that have few events each: there is less to do at once.
    stream: { events: streamEvents, conversations: 2_000 },
    retried: { events: retryEvents, conversations: 200, failEvery: 10 }
  } satisfies Record<string, Load>
}
