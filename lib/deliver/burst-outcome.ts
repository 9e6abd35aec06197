import type { ClaimedEvent, DeliveryRecord, Outcome } from '../inbox/inbox.ts'
import { quietAt, triedAgainIn } from './burst.ts'
import type { CollectorBurst, KeyedCollector } from './burst.ts'
import { leastQuiet } from './collected.ts'
import { ListenerKeys } from './listeners.ts'
import { gone, waiting } from './outcomes.ts'

/** A burst that was handed over, and what became of it; nothing if it was abandoned. */
export interface BurstRun extends CollectorBurst {
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
  const retry = results.find(({ state }) => state === 'pending')
  if (retry !== undefined) return { ...common, state: 'pending', dueAt: retry.dueAt, aside: retry.aside ?? false, running: retry.running ?? false }
  const wait = left.filter((collector) => of(collector) === undefined)
  if (wait.length > 0) {
    const quiet = leastQuiet(wait.map(({ collector }) => collector))
    // Another one has failed with it before, and was not called again.
    const stays = triedAgainIn({ events: [event] }) > 0 || !runs.some(({ events }) => events.includes(event))
    return waiting({ ...common, stays }, quietAt(event, quiet), quiet)
  }
  const known = refused.filter((key) => keys.isKnown(key) || !ListenerKeys.isOfCollector(key))
  if (known.length === 0) return { ...common, state: 'done', dueAt: null }
  return { ...common, state: 'dead', dueAt: null, error: common.error ?? `${known.map(nameOf).join(', ')}: it failed for good in an earlier delivery` }
}

/** Collectors that failed with the same event are called again together, each with all of its burst. */
export function together (runs: readonly BurstRun[]): BurstRun[] {
  let groups: BurstRun[][] = []
  for (const run of runs.filter(({ result }) => result?.state === 'pending')) {
    const isShared = (group: readonly BurstRun[]) => group.some(({ events }) => events.some((event) => run.events.includes(event)))
    groups = [[run, ...groups.filter(isShared).flat()], ...groups.filter((group) => !isShared(group))]
  }
  const retries = new Map(groups.flatMap((group) => group.map((run) => [run, retryOf(group.map(({ result }) => result))])))
  return runs.map((run) => ({ ...run, result: run.result && { ...run.result, ...retries.get(run) } }))
}

function retryOf (results: ReadonlyArray<Outcome | undefined>): Pick<Outcome, 'dueAt' | 'aside' | 'running'> {
  return {
    dueAt: Math.max(...results.map((result) => Number(result?.dueAt))),
    aside: results.some((result) => result?.aside),
    running: results.some((result) => result?.running)
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
