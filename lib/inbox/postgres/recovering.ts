// Only PostgreSQL: other processes' migrations may keep the answer waiting. SQLite's owner finds it out alone (sqlite/store/suspects.ts).
import type { FastifyBaseLogger } from 'fastify'
import { codeOf } from '../../errors/error-of.ts'
import { InboxUnusableError } from '../../errors/errors.ts'
import type { Database } from './database.ts'
import { reasonOf } from './error-kind.ts'
import { quoted } from './identifiers.ts'

/** The server gave up waiting for a lock. */
const LOCKED = '55P03'

/**
 * Whether a process has ended without giving back what it had. A migration of a newer version may have locked the tables just now: then
 * this is asked again for as long as that takes.
 */
export async function isRecovering (database: Database, schema: string, log: Pick<FastifyBaseLogger, 'info'>): Promise<boolean> {
  for (;;) {
    try {
      const { recovering } = await database.one(`SELECT ${quoted(schema)}.recovering()`)
      return recovering === 't'
    } catch (error) {
      if (codeOf(error) !== LOCKED) throw Object.assign(new InboxUnusableError(schema, reasonOf(error)), { cause: error })
      log.info({ schema }, 'the tables of the inbox are locked, by a migration perhaps, and the start waits for them')
    }
  }
}
