import type { PostgresQuery } from '../../../lib/inbox/postgres/pool.ts'
import type { Row } from '../../../lib/inbox/postgres/query.ts'
import type { SimulatedApp } from '../kind.ts'
import type { Run } from '../ledger-entries.ts'
import type { Life } from '../life.ts'
import type { World } from '../world.ts'
import { AppSession } from './app-session.ts'
import type { SimulatedConnection } from './connection.ts'
import { ExactlyOnce } from './exactly-once.ts'
import type { LeaseWatch } from './lease-watch.ts'
import { SimulatedPool } from './pool.ts'
import type { Tables } from './tables.ts'

interface Parts {
  readonly world: World
  readonly tables: Tables
  readonly watch: LeaseWatch
  readonly isRefused: () => boolean
  /** Before the server runs a statement. */
  readonly onRun: (life: Life, query: PostgresQuery) => void
}

/** What the apps have in the database of their inboxes. Each process has a pool for it beside that of its inbox. */
export class App implements SimulatedApp {
  readonly completing: readonly string[]
  readonly pools = new Map<Life, SimulatedPool>()
  readonly rows: ExactlyOnce
  readonly #parts: Parts

  constructor (parts: Parts) {
    const { world, tables, watch } = parts
    this.#parts = parts
    this.completing = world.tape.pick([['first'], ['first', 'second']])
    this.rows = new ExactlyOnce({ world, tables, watch, completing: this.completing })
  }

  start (life: Life): void {
    const { world, tables, isRefused } = this.#parts
    this.pools.set(life, new SimulatedPool({
      life,
      max: world.tape.pick([4, 1]),
      isRefused,
      isQuick: () => false,
      run: (connection, query) => this.#run(life, connection, query),
      newSession: () => new AppSession(tables, this.rows)
    }))
  }

  #run (life: Life, { session }: SimulatedConnection, query: PostgresQuery): Row[] | Error | undefined {
    this.#parts.onRun(life, query)
    const answer = session?.run(query)
    if (answer === undefined) this.#parts.world.count('completeIn: waits for another transaction')
    else if (answer instanceof Error) this.#parts.world.count(`completeIn: ${answer.message}`)
    return answer
  }

  async connect (life: Life): Promise<SimulatedConnection> {
    const pool = this.pools.get(life)
    if (pool === undefined) throw new Error(`process ${life.number} has not started`)
    return await pool.connect()
  }

  began (run: Run): string {
    return this.rows.began(run)
  }

  judge (): void {
    this.rows.judge()
  }
}
