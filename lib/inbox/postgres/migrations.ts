// Only PostgreSQL: a schema of functions fills a folder (sql/). SQLite's is in store/schema.ts.
import { add } from './sql/add.ts'
import { claimSuspect } from './sql/claim-suspect.ts'
import { claim } from './sql/claim.ts'
import { complete } from './sql/complete.ts'
import { discard, forget } from './sql/discard.ts'
import { enter, rotate } from './sql/epochs.ts'
import { purge } from './sql/purge.ts'
import { recount } from './sql/recount.ts'
import { recovering } from './sql/recovering.ts'
import { release, unreserve } from './sql/release.ts'
import { renew } from './sql/renew.ts'
import { numbers, replay } from './sql/replay.ts'
import { settle } from './sql/settle.ts'
import { tables } from './sql/tables.ts'
import { turn } from './sql/turn.ts'

/** What brings a schema from the version before to the next one. */
export interface Migration {
  readonly sql: (schema: string) => string
  /**
   * The oldest version whose processes can go on with the schema as it is then, and can be started again. Never less than that of the
   * migration before.
   */
  readonly worksWith: number
}

/**
 * The first one makes version 1. What was released is never changed: a new version is a new entry. Processes of the version before go
 * on during a deploy, so leave what they call where you can. Where you cannot, `worksWith` says so.
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    sql: (schema) => [
      tables, enter, rotate, add, settle, claimSuspect, claim, turn, renew, release, unreserve, recovering, numbers, replay, discard, forget, purge, recount,
      complete
    ].map((part) => part(schema)).join('\n'),
    worksWith: 1
  }
]
