import { LeasedClaim } from '../../../lib/inbox/postgres/leased-claim.ts'
import type { InboxKind } from '../kind.ts'
import { PostgresStore } from './store.ts'

export const postgres: InboxKind = {
  name: 'postgres',
  durable: true,
  processes: 3,
  weights: { 'run what is due': 80, 'a fault': 3 }, // an event is on its way for many messages
  longest: 500,
  open: (world) => new PostgresStore(world),
  isSuspect: (claim) => claim instanceof LeasedClaim && claim.isSuspect
}

/** With collectors beside listeners. An event is on its way for longer. */
export const postgresCollect: InboxKind = {
  ...postgres,
  name: 'postgres-collect',
  collects: true,
  weights: { ...postgres.weights, 'run what is due': 100, 'wait for the next timer': 16, 'start a process beside another': 3 },
  longest: 1_000
}

/** With an app that has data in the same database, and listeners that complete events in transactions of it. */
export const postgresCompleteIn: InboxKind = {
  ...postgres,
  name: 'postgres-complete-in',
  weights: { ...postgres.weights, 'a fault': 5, 'start a process beside another': 4, replay: 4 }, // what is taken over, and completed again
  longest: 600,
  open: (world) => new PostgresStore(world, { completes: true })
}
