import { join } from 'node:path'
import { sqliteInbox } from '../../dist/lib/inbox/sqlite/inbox.js'
import { temporaryFolder } from '../folder.ts'

/** On the file that the process was started with, or on one of its own, which is gone when the process is. */
export function createInbox () {
  return sqliteInbox({ path: process.argv[2] ?? join(temporaryFolder(), 'inbox.db') })
}
