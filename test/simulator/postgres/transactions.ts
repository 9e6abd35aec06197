import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import pg from 'pg'
import fc from '../../helpers/property.ts'
import { errorOf } from '../../../lib/errors/error-of.ts'
import { answerOf } from '../../../lib/inbox/postgres/claim-rows.ts'
import { idBytes } from '../../../lib/inbox/postgres/ids.ts'
import { LeaseEnd } from '../../../lib/inbox/postgres/leased-claim.ts'
import type { PostgresQuery } from '../../../lib/inbox/postgres/pool.ts'
import type { Row } from '../../../lib/inbox/postgres/query.ts'
import { settlementColumns } from '../../../lib/inbox/postgres/settlement.ts'
import { until } from '../../faults/helpers/until.ts'
import { AppSession, BEGIN, COMMIT, ROLLBACK } from './app-session.ts'
import type { ClockedServer } from './clocked-server.ts'
import { comparable, storedIn } from './comparable.ts'
import { FUNCTIONS } from './functions.ts'
import { Tables } from './tables.ts'

/** Those of transactions come up more often. */
const CALLS = [...Array<'complete'>(8).fill('complete'), ...Array<'end'>(4).fill('end'), ...Array<'turn'>(4).fill('turn'), 'time', 'time', 'discard', 'release'] as const

export interface TransactionStep {
  readonly call: typeof CALLS[number]
  readonly choices: readonly number[]
}

export const transactionSteps = fc.array(fc.record<TransactionStep>({
  call: fc.constantFrom(...CALLS), choices: fc.array(fc.nat({ max: 59 }), { minLength: 6, maxLength: 6 })
}), { minLength: 12, maxLength: 20, size: 'max' })

const LEASE = 1_000
const IDS = ['a', 'b'].map((letter) => idBytes(Buffer.alloc(32, letter).toString('base64url')))

interface Process {
  readonly holder: string
  readonly claims: Array<{ readonly number: number, readonly seqs: readonly number[] }>
  number: number
}

/** A connection of an app, in the model and in the real server. */
interface App {
  readonly session: AppSession
  readonly client: pg.Client
  readonly pid: number
  isInTransaction: boolean
  /** One of these waits for another at most. */
  hasCompleted: boolean
  waiting: { readonly query: PostgresQuery, readonly answer: Answer } | undefined
}

/** What the real server says, once it does. */
interface Answer {
  says?: string
}

/** Transactions of two apps, beside two processes that claim, in the model and in a real server. */
export class TransactionComparison {
  readonly #real: ClockedServer
  readonly #model = new Tables()
  readonly #processes: readonly Process[] = Array.from({ length: 2 }, () => ({ holder: randomUUID(), claims: [], number: 0 }))
  readonly #apps: readonly App[]
  #choices: number[] = []

  private constructor (real: ClockedServer, clients: ReadonlyArray<{ readonly client: pg.Client, readonly pid: number }>) {
    this.#real = real
    this.#apps = clients.map((client) => ({ ...client, session: new AppSession(this.#model, {}), isInTransaction: false, hasCompleted: false, waiting: undefined }))
  }

  static async open (real: ClockedServer, clients: readonly pg.Client[]): Promise<TransactionComparison> {
    const pids = await Promise.all(clients.map(async (client) => await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')))
    return new TransactionComparison(real, clients.map((client, i) => ({ client, pid: Number(pids[i]?.rows[0]?.pid) })))
  }

  async run (steps: readonly TransactionStep[]): Promise<void> {
    await this.#real.clear()
    await this.#wait(1_800_000_000_000)
    const body = Buffer.from('{"event":"newMessage"}')
    const [names, lanes, zeros] = [IDS.map(() => 'newMessage'), IDS.map(() => 'x'), IDS.map(() => 0)]
    await this.#call('add_events', [IDS, names, lanes, zeros, IDS.map(() => this.#model.now), IDS.map(() => null), zeros, IDS.map(() => body.length), body, 1_000])
    try {
      for (const { call, choices } of steps) {
        this.#choices = [...choices]
        await this.#step(call)
      }
    } finally {
      for (const app of [...this.#apps].sort((a, b) => Number(a.waiting !== undefined) - Number(b.waiting !== undefined))) await this.#end(app, ROLLBACK)
    }
  }

  #choose (count: number): number {
    return (this.#choices.shift() ?? 0) % count
  }

  #oneOf<T> (list: readonly T[]): T | undefined {
    return list[this.#choose(Math.max(1, list.length))]
  }

  async #step (call: TransactionStep['call']): Promise<void> {
    const process = this.#oneOf(this.#processes)
    const app = this.#oneOf(this.#apps)
    if (process === undefined || app === undefined) return
    if (call === 'time') await this.#wait(this.#choose(2) === 1 ? LEASE : 1)
    else if (call === 'turn') await this.#turn(process)
    else if (call === 'discard') await this.#call(call, [[this.#oneOf(IDS)]])
    else if (call === 'release') await this.#call(call, [process.holder, process.claims.map(({ number }) => number)])
    else if (app.waiting === undefined) await (call === 'end' ? this.#end(app, this.#choose(3) === 1 ? ROLLBACK : COMMIT) : this.#complete(app, this.#choose(4) === 1 ? process : this.#holder() ?? process))
  }

  /** Who has the lane, or may have lost it. */
  #holder (): Process | undefined {
    return this.#processes.find(({ holder }) => holder === this.#model.lanes.get('x')?.holder)
  }

  async #wait (time: number): Promise<void> {
    this.#model.now += time
    await this.#real.setTime(this.#model.now)
  }

  async #turn (process: Process): Promise<void> {
    const own = this.#choose(4) === 1 ? [] : process.claims.map(({ number }) => number)
    const number = ++process.number
    const rows = await this.#call('turn', [process.holder, ...settlementColumns([]), own, number, true, 64, LEASE, null, 50])
    const { claims } = answerOf(rows, number, new LeaseEnd(LEASE), (id) => { throw new Error(`${id} is damaged`) })
    process.claims.push(...claims.map(({ events }) => ({ number, seqs: events.map(({ seq }) => seq) })))
  }

  async #begin (app: App): Promise<void> {
    Object.assign(app, { isInTransaction: true, hasCompleted: false })
    await this.#ask(app, { text: BEGIN })
  }

  async #complete (app: App, { holder, claims }: Process): Promise<void> {
    if (!app.isInTransaction) await this.#begin(app)
    const claim = this.#choose(6) === 1 ? this.#oneOf(claims) : claims.at(-1)
    const seq = claim?.seqs.at(this.#choose(4) === 1 ? -1 : 0)
    if (claim === undefined || seq === undefined || app.hasCompleted) return
    app.hasCompleted = true
    await this.#ask(app, { text: this.#real.completing, values: [holder, String(claim.number), 'x', String(seq), 'p'] })
  }

  async #end (app: App, text: string): Promise<void> {
    if (!app.isInTransaction) return
    await this.#ask(app, { text })
    app.isInTransaction = false
    for (const { waiting, session, pid } of this.#apps) {
      if (waiting !== undefined) await this.#expect(pid, waiting.answer, waiting.query, session)
    }
    for (const other of this.#apps) if (other.waiting?.answer.says !== undefined) other.waiting = undefined
    expectSame('what is stored after the end of a transaction', storedIn(this.#model), await this.#real.stored())
  }

  async #ask (app: App, query: PostgresQuery): Promise<void> {
    const answer: Answer = {}
    app.client.query(query.text, query.values).then(() => { answer.says = 'done' }, (error: unknown) => { answer.says = errorOf(error).message })
    await this.#expect(app.pid, answer, query, app.session)
    if (answer.says === undefined) app.waiting = { query, answer }
  }

  /** Both have to say the same, or both have to wait. */
  async #expect (pid: number, answer: Answer, query: PostgresQuery, session: AppSession): Promise<void> {
    const result = session.run(query)
    await until(async () => answer.says !== undefined || (await this.#real.waiting()).includes(pid))
    expectSame(`the answer to ${query.text}`, result === undefined ? 'it waits' : result instanceof Error ? result.message : 'done', answer.says ?? 'it waits')
  }

  async #call (name: string, values: unknown[]): Promise<Row[]> {
    const real = await this.#real.call(name, values)
    const rows = FUNCTIONS[name]?.(this.#model, values) ?? []
    expectSame(`the answer to ${name}`, comparable(rows), comparable(real))
    expectSame(`what is stored after ${name}`, storedIn(this.#model), await this.#real.stored())
    return rows
  }
}

function expectSame (what: string, model: unknown, real: unknown): void {
  if (!isDeepStrictEqual(model, real)) throw new Error(`${what} differs:\nthe model has ${JSON.stringify(model)}\nthe server has ${JSON.stringify(real)}`)
}
