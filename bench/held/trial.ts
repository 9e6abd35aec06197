import { askNumber } from '../postgres/ask.ts'
import type { Postgres } from '../postgres/server.ts'
import type { QueueContestant } from '../queues/contestants.ts'
import type { FlowState } from '../queues/flow.ts'
import { withQueue } from '../queues/trial.ts'
import type { FlowTask } from '../queues/worker.ts'
import { openSnapshot } from './snapshot.ts'

/** One queue on a database of its own, for a while. */
export interface HeldTrial {
  /** At the beginning, and after each step. */
  states: FlowState[]
  /** Rows of all tables that were dead at the end. */
  dead: number
}

export interface Extent {
  steps: readonly FlowTask[]
  /** Whether a transaction is left open, from before the first event until after the last. */
  held: boolean
}

const CONVERSATIONS = 2_000

/** `tell` learns which step begins. */
export async function tryHeld ({ name }: QueueContestant, postgres: Postgres, { steps, held }: Extent, tell: (step: number) => void): Promise<HeldTrial> {
  return await withQueue(name, postgres, async ({ watch }, { url }) => {
    const snapshot = held ? await openSnapshot(url) : undefined
    const states = [await watch({ kind: 'flow', load: { conversations: CONVERSATIONS } })]
    for (const [index, step] of steps.entries()) {
      tell(index + 1)
      states.push(await watch(step))
    }
    const dead = await askNumber(url, 'SELECT sum(n_dead_tup) FROM pg_stat_user_tables')
    await snapshot?.end()
    return { states, dead }
  })
}
