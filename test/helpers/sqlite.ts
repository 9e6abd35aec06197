import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import Fastify from 'fastify'
import type { Test } from 'tap'
import type { Inbox, InboxHost } from '../../index.ts'
import { sqliteInbox } from '../../lib/inbox/sqlite/inbox.ts'
import type { SqliteInboxOptions } from '../../lib/inbox/sqlite/inbox.ts'
import { temporaryDirectory } from './package.ts'

/** A file that is not there yet, in a directory of its own. */
export function temporaryFile (t: Test): string {
  return join(temporaryDirectory(t), 'inbox.db')
}

/** The threads that are started from now on, the latest last. */
export function threads (t: Test): Worker[] {
  const workers: Worker[] = []
  const note = (message: unknown) => { workers.push((message as { worker: Worker }).worker) } // as Node documents the channel
  subscribe('worker_threads', note)
  t.teardown(() => { unsubscribe('worker_threads', note) })
  return workers
}

/** An inbox on a file, and what it has told its host. */
export async function openInbox (t: Test, options: SqliteInboxOptions, host: Partial<InboxHost> = {}): Promise<Inbox> {
  const inbox = sqliteInbox(options)
  t.teardown(async () => { await inbox.close() })
  await inbox.open({ log: Fastify().log, maxBacklog: 1_000_000, wake: () => {}, ...host })
  return inbox
}
