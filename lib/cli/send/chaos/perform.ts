import type { SendOptions } from '../options.ts'
import { createRateLimiter } from '../rate-limiter.ts'
import type { Action, Plan } from './plan.ts'

/** Takes the actions of a plan: those of a lane one after another, and those of a burst all at once. */
export async function perform (
  { phases }: Plan,
  { rate, concurrency, conversations = 1 }: Pick<SendOptions, 'rate' | 'concurrency' | 'conversations'>,
  signal: AbortSignal,
  take: (action: Action) => Promise<void>
): Promise<void> {
  const due = createRateLimiter(rate, signal)
  let taken = 0

  for (const { burst, actions } of phases) {
    if (signal.aborted) return
    if (burst) {
      taken += actions.length
      await Promise.all(actions.map(take))
    } else {
      await Promise.all(queuesOf(actions, conversations, concurrency).map(work))
    }
  }

  async function work (queue: Iterable<Action>): Promise<void> {
    for (const action of queue) {
      if (!await due(taken++)) return
      await take(action)
    }
  }
}

/** As without chaos: the actions of a lane are all one worker's, unless there are fewer lanes than workers. */
function queuesOf (actions: readonly Action[], lanes: number, workers: number): Array<Iterable<Action>> {
  if (lanes < workers) return Array.from<Iterable<Action>>({ length: workers }).fill(actions.values())
  return Array.from({ length: workers }, (_, worker) => actions.filter(({ lane }) => lane % workers === worker))
}
