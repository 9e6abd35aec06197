import type { ClaimedEvent } from '../inbox/inbox.ts'
import type { Collector } from '../webhooks/collectors.ts'

/** A collector, and what the inbox remembers it by. */
export interface KeyedCollector {
  readonly collector: Collector
  readonly key: string
}

/** What a collector gets next. */
export interface CollectorBurst extends KeyedCollector, Burst {}

/** Events that a collector gets as one. */
export interface Burst {
  readonly events: readonly ClaimedEvent[]
  /** When it is complete, unless something follows; null: it is. */
  readonly completeAt: number | null
}

/** When a collector has waited long enough for what may follow an event. A time that is to come, by this clock, is taken for now. */
export function quietAt ({ receivedAt }: Pick<ClaimedEvent, 'receivedAt'>, quiet: number): number {
  return Math.min(receivedAt, Date.now()) + quiet
}

/**
 * The first of the bursts that a collector makes of events: those that came in within `quiet` of the one before, `most` of them at most, none
 * of them later than `within` after the first. Only when they came in decides: so it is the same burst each time that it is tried again.
 */
export function firstBurst (events: readonly ClaimedEvent[], { quiet, within, most }: Collector): Burst {
  const end = events.findIndex(({ receivedAt }, i) => {
    const [first, before] = [events[0], events[i - 1]]
    return first !== undefined && before !== undefined && (i === most || receivedAt - before.receivedAt > quiet || receivedAt - first.receivedAt > within)
  })
  const burst = end === -1 ? events : events.slice(0, end)
  const [first, last] = [burst[0], burst.at(-1)]
  if (end !== -1 || burst.length === most || first === undefined || last === undefined) return { events: burst, completeAt: null }
  return { events: burst, completeAt: Math.min(quietAt(last, quiet), quietAt(first, within)) }
}
