import type { ClaimedEvent } from '../inbox/inbox.ts'
import type { Collector } from '../webhooks/collectors.ts'

/** A collector, and what the inbox remembers it by. */
export interface KeyedCollector {
  readonly collector: Collector
  readonly key: string
}

/** What a collector gets next. */
export interface CollectorBurst extends KeyedCollector, Burst {
  /** All that waits for it, as far as it was claimed. */
  readonly all: readonly ClaimedEvent[]
}

/** Events that a collector gets as one. */
export interface Burst {
  readonly events: readonly ClaimedEvent[]
  /** When it is complete, unless something follows; null: it is. */
  readonly completeAt: number | null
}

/** In how many milliseconds a burst that has failed is to be tried again. 0: now. */
export function triedAgainIn ({ events }: Pick<Burst, 'events'>): number {
  return Math.max(...events.map(({ dueIn = 0 }) => dueIn))
}

/** When a collector has waited long enough for what may follow an event. A time that is to come, by this clock, is taken for now. */
export function quietAt ({ receivedAt }: Pick<ClaimedEvent, 'receivedAt'>, quiet: number): number {
  return Math.min(receivedAt, Date.now()) + quiet
}

/**
 * The first of the bursts that a collector makes of events: those that came in within `quiet` of the one before, `most` of them at most, none
 * of them later than `within` after the first. An old one that was replayed is none of those that have just come in, and says nothing of whether
 * more come in.
 */
export function firstBurst (events: readonly ClaimedEvent[], { quiet, within, most }: Collector): Burst {
  const end = events.findIndex(({ receivedAt }, i) => {
    const [first, before] = [events[0], events[i - 1]]
    return first !== undefined && before !== undefined && (i === most || Math.abs(receivedAt - before.receivedAt) > quiet || Math.abs(receivedAt - first.receivedAt) > within)
  })
  const burst = end === -1 ? events : events.slice(0, end)
  const [first, last] = [burst[0], burst.at(-1)]
  if (first === undefined || last === undefined || burst.length === most || endsBefore(events[end], last)) return { events: burst, completeAt: null }
  return { events: burst, completeAt: Math.min(quietAt(last, quiet), quietAt(first, within)) }
}

/** Whether a burst ends because of what follows its last event. If that came in at a time that is to come, clocks are apart: then all that follows may. */
function endsBefore (next: ClaimedEvent | undefined, { receivedAt }: ClaimedEvent): boolean {
  return next !== undefined && (next.receivedAt > receivedAt || receivedAt > Date.now())
}
