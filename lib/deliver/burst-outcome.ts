import type { ClaimedEvent, DeliveryRecord, Outcome } from '../inbox/inbox.ts'
import { quietAt } from './burst.ts'
import type { CollectorBurst, KeyedCollector } from './burst.ts'
import { leastQuiet } from './collected.ts'
import { ListenerKeys } from './listeners.ts'
import { gone, waiting } from './outcomes.ts'

/** A burst that was handed over, and what became of it; nothing if it was abandoned. */
interface BurstRun extends CollectorBurst {
  readonly result: Outcome | undefined
}

const NONE: readonly never[] = []

/** What became of one event, of what its collectors have made of the bursts that it is in. */
export function outcomeOf (event: ClaimedEvent, left: readonly KeyedCollector[], runs: readonly BurstRun[], keys: ListenerKeys): Outcome {
  if (event.isDiscarded === true) return gone(event)
  const of = ({ collector }: KeyedCollector) => runs.find((run) => run.collector === collector && run.events.includes(event))?.result
  const keysOf = (state: Outcome['state']) => left.filter((collector) => of(collector)?.state === state).map(({ key }) => key)
  const results = left.map(of).filter((result) => result !== undefined)
  const refused = [...event.refused ?? NONE, ...keysOf('dead')]
  const errors = results.map(({ error }) => error).filter((error) => error !== null)
  const common = {
    seq: event.seq,
    completed: [...event.completed, ...keysOf('done')],
    refused,
    error: errors.length > 0 ? errors.join('; ') : null,
    ...deliveryOf(results)
  }
  const retries = results.filter(({ state }) => state === 'pending')
  if (retries.length > 0) return { ...common, state: 'pending', ...togetherOf(retries) }
  const wait = left.filter((collector) => of(collector) === undefined)
  if (wait.length > 0) {
    const quiet = leastQuiet(wait.map(({ collector }) => collector))
    return waiting(common, quietAt(event, quiet), quiet)
  }
  const known = refused.filter((key) => keys.isKnown(key))
  if (known.length === 0) return { ...common, state: 'done', dueAt: null }
  return { ...common, state: 'dead', dueAt: null, error: common.error ?? `${known.map(nameOf).join(', ')}: it failed for good in an earlier delivery` }
}

/** Those of several collectors that failed with one event are called again together. */
function togetherOf (retries: readonly Outcome[]): Pick<Outcome, 'dueAt' | 'aside' | 'running'> {
  return {
    dueAt: Math.max(...retries.map(({ dueAt }) => Number(dueAt))),
    aside: retries.some(({ aside }) => aside),
    running: retries.some(({ running }) => running)
  }
}

function nameOf (key: string): string {
  return ListenerKeys.isLasting(key) ? key : 'one without a name'
}

/** One record of all that was called at the same time. */
function deliveryOf (results: readonly Outcome[]): { delivery?: DeliveryRecord } {
  const records = results.map(({ delivery }) => delivery).filter((delivery) => delivery !== undefined)
  const [first] = records
  if (first === undefined) return {}
  return {
    delivery: {
      ...first,
      duration: Math.max(...records.map(({ duration }) => duration)),
      completed: records.flatMap(({ completed }) => completed),
      failures: records.flatMap(({ failures }) => failures)
    }
  }
}
