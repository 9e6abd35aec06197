// Only SQLite: what a statement of PostgreSQL finds in its tables, these have in memory as well.
import type { DatabaseSync } from 'node:sqlite'
import type { Conversations } from './conversations.ts'
import type { KnownIds } from './known-ids.ts'
import type { LaneTable } from './lane-table.ts'
import type { Totals } from './totals.ts'

/** What is changed together with events, within one transaction. */
export interface Parts {
  readonly db: DatabaseSync
  readonly totals: Totals
  readonly ids: KnownIds
  readonly conversations: Conversations
  readonly lanes: LaneTable
}
