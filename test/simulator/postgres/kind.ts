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
