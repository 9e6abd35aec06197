import { join } from 'node:path'
import pg from 'pg'
import type { Inbox } from '../../index.ts'
import { postgresInbox } from '../../lib/inbox/postgres/inbox.ts'
import { sqliteInbox } from '../../lib/inbox/sqlite/inbox.ts'
import { folder } from '../faults/helpers/folder.ts'
import type { Settings } from '../faults/helpers/messages.ts'
import { newSchema, postgresUrl } from '../helpers/postgres.ts'
import type { Scope } from '../helpers/scope.ts'

export type DurableName = 'sqlite' | 'postgres'

/** How many processes have the inbox at a time. */
export const PROCESSES: Readonly<Record<DurableName, number>> = { sqlite: 1, postgres: 2 }

/** Where a durable inbox keeps its events. */
export interface Store {
  readonly settings: Pick<Settings, 'path' | 'postgres' | 'keep'>
  /** The database and its version. */
  readonly database: string
}

export interface StoreOptions {
  /** Milliseconds. */
  readonly keep?: number
  readonly lease?: number
}

export async function openStore (scope: Scope, inbox: DurableName, { keep, lease }: StoreOptions = {}): Promise<Store> {
  if (inbox === 'sqlite') return { settings: { path: join(folder(scope), 'inbox.db'), keep }, database: `SQLite ${process.versions.sqlite ?? ''}` }
  const connectionString = await postgresUrl(scope, ['-c', 'fsync=on']) // as servers are: it is measured
  return {
    settings: { postgres: { connectionString, schema: newSchema(), ...lease !== undefined && { lease }, ...keep !== undefined && { keep } } },
    database: `PostgreSQL ${await versionOf(connectionString)}`
  }
}

/** Of this process. */
export function inboxOn ({ settings: { path = '', keep, postgres } }: Store): Inbox {
  return postgres === undefined ? sqliteInbox({ path, keep }) : postgresInbox(postgres)
}

async function versionOf (url: string): Promise<string> {
  const client = new pg.Client(url)
  await client.connect()
  const { rows: [row] } = await client.query<{ server_version: string }>('SHOW server_version')
  await client.end()
  return row?.server_version ?? 'unknown'
}
