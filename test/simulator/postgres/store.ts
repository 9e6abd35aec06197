import type { Claim, Inbox } from '../../../lib/inbox/inbox.ts'
import { postgresInbox } from '../../../lib/inbox/postgres/inbox.ts'
import { LeasedClaim } from '../../../lib/inbox/postgres/leased-claim.ts'
import { NOTIFY } from '../../../lib/inbox/postgres/notifications.ts'
import type { PostgresQuery } from '../../../lib/inbox/postgres/pool.ts'
import { nameOfState } from '../../../lib/inbox/postgres/sql/states.ts'
import type { Task } from '../clock.ts'
import type { Fault, Row, SimulatedStore } from '../kind.ts'
import type { Life } from '../life.ts'
import type { World } from '../world.ts'
import { App } from './app.ts'
import type { SimulatedConnection } from './connection.ts'
import { faultsOf } from './faults.ts'
import { LeaseWatch } from './lease-watch.ts'
import { SimulatedPool } from './pool.ts'
import { SimulatedServer } from './server.ts'

/** Longer than any schedule takes. */
const KEEP = 1_000_000_000_000
/** Of the server's clock, in milliseconds: it need not be that of the processes. */
const SERVER_TIME = 1_750_000_000_000

/** One server, and the processes that have their inbox there. */
export class PostgresStore implements SimulatedStore {
  readonly world: World
  readonly lease: number
  readonly app: App | undefined
  /** Whether the server takes no connections for now. */
  isAway = false
  readonly #pools = new Map<Life, SimulatedPool>()
  readonly #server = new SimulatedServer()
  readonly #watch: LeaseWatch
  readonly #offset: number
  #rows: Row[] | undefined

  constructor (world: World, { completes = false } = {}) {
    const { tape } = world
    const { tables } = this.#server
    this.world = world
    this.lease = tape.pick([30_000, 1_000])
    this.#offset = tape.pick([0, -3_600_000, 3_600_000])
    const order = tape.pick([1, -1])
    tables.rank = ({ lane }) => lane.charCodeAt(0) * order
    this.#watch = new LeaseWatch(this)
    this.app = completes ? new App({ world, tables, watch: this.#watch, isRefused: () => this.isAway, onRun: (life, query) => { this.#begin(life, query) } }) : undefined
  }

  get pools (): SimulatedPool[] {
    return [...this.#pools.values(), ...this.app?.pools.values() ?? []]
  }

  inbox (life: Life): Inbox {
    const startsQuickly = this.world.tape.choose(8) < 7
    const pool = new SimulatedPool({
      life,
      max: this.world.tape.pick([4, 10, 2]),
      isRefused: () => this.isAway,
      isQuick: () => startsQuickly && life.state === 'opening' && !this.isAway,
      run: (connection, query) => this.#run(life, connection, query)
    })
    this.#pools.set(life, pool)
    this.app?.start(life)
    return postgresInbox({ pool, lease: this.lease, keep: KEEP, keepFailed: KEEP })
  }

  #run (life: Life, connection: SimulatedConnection, query: PostgresQuery): ReturnType<SimulatedServer['run']> {
    const { tables } = this.#server
    this.#begin(life, query)
    const before = this.#watch.before(life, query, tables)
    this.app?.rows.before(query)
    const rows = this.#server.run(query)
    this.#watch.after(before, tables)
    if (!life.isAlive) this.world.ledger.goBack(life) // it had sent this before it ended
    this.app?.rows.after(life, query)
    if (query.text.startsWith('LISTEN ')) connection.isListening = true
    if (query.text === NOTIFY) this.#notify(query)
    return rows
  }

  #begin (life: Life, query: PostgresQuery): void {
    this.#server.tables.now = SERVER_TIME + this.#offset + this.world.clock.now
    this.#rows = undefined
    this.world.say(() => `    [server] ${nameOf(query)} of process ${life.number}`)
  }

  #notify ({ values = [] }: PostgresQuery): void {
    const [, notices] = values as [string, string[]] // as notifications.ts sends them
    for (const pool of this.pools) for (const connection of pool.connections) for (const notice of notices) connection.notify(notice)
  }

  tasks (): Task[] {
    return this.pools.flatMap((pool) => pool.tasks())
  }

  faults (): Fault[] {
    return faultsOf(this)
  }

  heal (): void {
    this.isAway = false
    for (const pool of this.pools) for (const connection of pool.connections) connection.hangs = false
    this.#watch.healed()
  }

  /** As after SIGSTOP: until it goes on, its timers do not run, and it hears nothing. That may be after everything else is healed. */
  standStill (life: Life, onGoOn = () => {}): void {
    const { world, lease } = this
    world.standStill(life)
    world.clock.setTimeout(() => {
      world.goOn(life)
      onGoOn()
      this.#watch.wentOn(life)
    }, world.tape.pick([lease + 100, 300, lease + 5_000]), [], 'a process goes on')
  }

  crash (life: Life): void {
    for (const pool of this.pools) if (pool.life === life) for (const connection of pool.connections) connection.abandon()
  }

  holds (life: Life, claim: Claim): boolean {
    return claim instanceof LeasedClaim && this.#watch.holds(life, claim, this.#server.tables)
  }

  left (life: Life): string[] {
    const used = this.#pools.get(life)?.used ?? 0
    const connections = used === 0 ? [] : [`${used} connections are not given back`]
    return [...connections, ...this.world.wasFaulty ? [] : this.#watch.heldBy(life, this.#server.tables)]
  }

  rows (): Row[] {
    const { events, pending, finished, lanes } = this.#server.tables
    this.#rows ??= [...events.values()].map(({ seq, id, lane }) => {
      const p = pending.get(seq)
      const f = finished.get(seq)
      const isNoted = p?.trial === 1 || p?.trial === 2
      const attempts = f?.attempts ?? Number(p?.attempts) + (isNoted ? 1 : 0)
      const notedFor = isNoted ? this.#watch.lifeOf(lanes.get(p.lane)?.holder) : undefined
      return { seq, id: idOf(id), lane: p?.lane ?? lane, state: nameOfState(f && String(f.state)), attempts, notedFor }
    })
    return this.#rows
  }
}

const ids = new Map<string, string>()

/** As the inbox has it. */
function idOf (digits: string): string {
  const id = ids.get(digits) ?? Buffer.from(digits, 'hex').toString('base64url')
  ids.set(digits, id)
  return id
}

function nameOf ({ text }: PostgresQuery): string {
  return /"\.(\w+)\(/.exec(text)?.[1] ?? text.trim().slice(0, 40).replaceAll(/\s+/g, ' ')
}
