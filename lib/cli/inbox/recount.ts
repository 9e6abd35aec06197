import type { PostgresClient } from '../../inbox/postgres/pool.ts'
import { query, UNLIMITED } from '../../inbox/postgres/query.ts'
import type { Row } from '../../inbox/postgres/query.ts'
import { isRight, recount as recountInbox } from '../../inbox/postgres/recount.ts'
import type { Recounted } from '../../inbox/postgres/recount.ts'
import { checkSchema } from '../../inbox/postgres/schema.ts'
import { unlessAborted } from '../../inbox/postgres/timeouts.ts'
import { EXIT } from '../exit.ts'
import type { Io } from '../io.ts'
import { jsonOf } from '../terminal.ts'
import { eventsOf } from './confirm.ts'
import { withDatabase } from './database.ts'
import type { InboxOptions } from './options.ts'

const COUNTS = ['pending', 'done', 'dead', 'invalid'] as const satisfies ReadonlyArray<keyof Recounted>

/** Puts right what a PostgreSQL inbox counts, however long that takes, and prints what was wrong. */
export async function recount ({ db, schema, json }: InboxOptions, { stdout, signal }: Io): Promise<number> {
  const recounted = await withDatabase(db, schema, async (database) => {
    await checkSchema(database, schema)
    // Ctrl-C does not wait for the server.
    return await database.use(async (client) => await recountInbox(schema, async (statement) => {
      signal.throwIfAborted()
      return await unlessAborted(signal, inTransaction(client, statement))
    }))
  })
  if (json) stdout.write(`${jsonOf(recounted)}\n`)
  else for (const line of linesOf(recounted)) stdout.write(`${line}\n`)
  return EXIT.ok
}

/** Without a limit of time, also of the role's own. Of what is left alone, the server keeps nothing. */
async function inTransaction (client: PostgresClient, statement: string): Promise<Row> {
  await query(client, 'BEGIN ISOLATION LEVEL READ COMMITTED')
  await query(client, 'SET LOCAL statement_timeout = 0')
  const [row = {}] = await query(client, statement, [], UNLIMITED)
  await query(client, 'COMMIT')
  return row
}

function linesOf (recounted: Recounted): string[] {
  if (isRight(recounted)) return ['nothing was wrong']
  const { removed, stateless, lanes } = recounted
  const lines = COUNTS.filter((name) => recounted[name] !== 0).map((name) => `${name.padEnd(7)}  ${differenceOf(recounted[name])}`)
  if (removed > 0) lines.push(`${removed} ${removed === 1 ? 'row' : 'rows'} of events that are gone removed`)
  if (stateless > 0) lines.push(`${eventsOf(stateless)} whose row in pending or finished is gone: dead now`)
  if (lanes > 0) lines.push(`${lanes} ${lanes === 1 ? 'lane' : 'lanes'} with pending events that nobody would have delivered: due now`)
  return lines
}

function differenceOf (difference: number): string {
  return `${Math.abs(difference)} counted too ${difference < 0 ? 'many' : 'few'}`
}
