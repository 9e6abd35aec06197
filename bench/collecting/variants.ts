/** Who wants the events. */
export interface CollectingVariant {
  name: 'listener' | 'collector' | 'both'
  title: string
}

/** Where they are kept meanwhile. */
export interface CollectingInbox {
  name: 'sqlite' | 'postgres'
  title: string
}

export const base = 'listener'

export const collectingVariants: CollectingVariant[] = [
  { name: base, title: 'a listener' },
  { name: 'collector', title: 'a collector' },
  { name: 'both', title: 'both' }
]

export const collectingInboxes: CollectingInbox[] = [
  { name: 'sqlite', title: 'SQLite' },
  { name: 'postgres', title: 'PostgreSQL' }
]

/** Events of a conversation that come in one after the other. */
export const BURSTS = [1, 4, 20]
