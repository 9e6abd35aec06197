import { quoted } from '../../../lib/inbox/postgres/identifiers.ts'
import { MIGRATIONS } from '../../../lib/inbox/postgres/migrations.ts'
import { NOTIFY } from '../../../lib/inbox/postgres/notifications.ts'
import type { PostgresQuery } from '../../../lib/inbox/postgres/pool.ts'
import type { Row } from '../../../lib/inbox/postgres/query.ts'
import { BLOCKERS } from '../../../lib/inbox/postgres/vacuum-blockers.ts'
import { FUNCTIONS } from './functions.ts'
import { Tables } from './tables.ts'

const SCHEMA = 'oneroute_webhooks'
const CALL = new RegExp(`${quoted(SCHEMA)}\\.(\\w+)\\(`)

/** What an open inbox asks, and the answer of a server that is up to date. */
const AT_OPEN: ReadonlyArray<readonly [string, Row[]]> = [
  ["current_setting('server_version_num')", [{ version: '180000', encoding: 'UTF8', read_only: 'f', number: '42' }]],
  ['FROM pg_catalog.pg_class c JOIN', [{ columns: '3' }]],
  ['SELECT version, works_with', [{ version: String(MIGRATIONS.length), works_with: String(MIGRATIONS.at(-1)?.worksWith) }]],
  ['SELECT current_user AS role', [{ role: 'app', missing: null }]]
]

/**
 * A PostgreSQL with an inbox of the usual name in it, as far as an inbox uses it. Statements run one after the other, each in a
 * transaction of its own.
 */
export class SimulatedServer {
  readonly tables = new Tables()

  /** Throws for a statement that it does not know. */
  run ({ text, values = [] }: Pick<PostgresQuery, 'text' | 'values'>): Row[] {
    const [, name = ''] = CALL.exec(text) ?? []
    const called = FUNCTIONS[name]
    if (called !== undefined) return called(this.tables, values)
    if (text === BLOCKERS.text || text === NOTIFY || text.startsWith('LISTEN ')) return []
    const answer = AT_OPEN.find(([part]) => text.includes(part))
    if (answer === undefined) throw new Error(`the simulated server does not know this statement: ${text}`)
    return answer[1]
  }
}
