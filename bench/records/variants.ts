/** What a listener does, whether its deliveries are kept, and whether somebody wants to know of them. */
export interface RecordsVariant {
  name: string
  title: string
  /** Failures of each event before it succeeds. */
  failures: number
  kept: boolean
  observed: boolean
}

export const base = 'at-once'

export const recordsVariants: RecordsVariant[] = [
  { name: base, title: 'succeeds at once', failures: 0, kept: true, observed: false },
  { name: 'not-kept', title: 'succeeds at once, by an inbox that keeps no deliveries', failures: 0, kept: false, observed: false },
  { name: 'observed', title: 'succeeds at once, and somebody has subscribed to all channels', failures: 0, kept: true, observed: true },
  { name: 'fails-once', title: 'fails once, then succeeds', failures: 1, kept: true, observed: false },
  { name: 'fails-once-not-kept', title: 'fails once, then succeeds, by an inbox that keeps no deliveries', failures: 1, kept: false, observed: false }
]
