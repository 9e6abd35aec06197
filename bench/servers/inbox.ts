import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { sqliteInbox } from '../../dist/lib/inbox/sqlite.js'
import { temporaryFolder } from '../folder.ts'

/** On the file that the process was started with, or on one of its own, which is gone when the process is. */
export function createInbox () {
  return sqliteInbox({ path: process.argv[2] ?? join(temporaryFolder(), 'inbox.db') })
}

/** Settles when all that was delivered is recorded, too. */
export async function settled ({ webhooks: { inbox } }: FastifyInstance) {
  while ((await inbox.stats()).pending > 0) await setTimeout(1)
}
