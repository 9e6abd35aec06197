import type { Inbox } from '../../../index.ts'
import { postgresInbox } from '../../../lib/inbox/postgres/inbox.ts'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'

/** Where all is that outlives an app that is killed. */
export interface Places {
  inbox: { path: string } | { connectionString: string, schema: string, lease: number }
  /** What the app saves: in a file of SQLite, or in PostgreSQL. */
  data: { path: string } | { url: string }
  /** A file with the id of each call of the listener. */
  calls: string
  /** Of the blocks of the pages. */
  blocks: string
}

export function inboxOf ({ inbox }: Places): Inbox {
  return 'path' in inbox ? sqliteInbox(inbox) : postgresInbox(inbox)
}
