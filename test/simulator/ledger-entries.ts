import type { Claim, ClaimedEvent, Outcome } from '../../lib/inbox/inbox.ts'
import type { Life } from './life.ts'

/** A listener that was called. */
export interface Run {
  readonly life: Life
  readonly event: ClaimedEvent
  readonly lane: string
  readonly listener: string
  /** When its time is up. */
  readonly deadline: number
  /** The claim that it was called for. */
  readonly claim: OpenClaim
  /** Closing has not waited for it: what it does counts for nothing. */
  isAbandoned: boolean
  /** Of a collector: the first event of the burst, by which the burst is known. */
  readonly first?: ClaimedEvent
}

/** A lane that a process has claimed and not settled. */
export interface OpenClaim {
  readonly life: Life
  readonly claim: Claim
  /** As they were when they were claimed. */
  readonly events: readonly ClaimedEvent[]
  /** Those of which a listener was called. */
  readonly begun: Set<ClaimedEvent>
  /** Whether its lease has run out, and the lane is for others: what comes of it may not be recorded. */
  isTakenOver: boolean
  /** The collectors that its process has not had all the time since. */
  readonly away: Set<string>
  /** The collectors that were called for it. */
  readonly collected: Run[]
}

/** What is known of an event from when it was accepted or replayed, which gives it a new `seq`. */
export interface Story {
  /** The process that had it last. */
  life: Life | undefined
  deliveries: number
  /** The listeners that have succeeded, and the process that alone knows of it if their time was up. */
  readonly succeeded: Map<string, Life | undefined>
  outcome: Outcome | undefined
  /** Whether its listeners are through, and it waits for collectors. */
  collects: boolean
  /** Whether it has ever left its lane, or that of its collectors: then others may be before it. */
  wasAside: boolean
}
