import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import fc from '../../helpers/property.ts'
import { errorOf } from '../../../lib/errors/error-of.ts'
import type { Outcome } from '../../../lib/inbox/inbox.ts'
import { COLLECT } from '../../../lib/inbox/sql/next-lane.ts'
import { answerOf } from '../../../lib/inbox/postgres/claim-rows.ts'
import { idBytes } from '../../../lib/inbox/postgres/ids.ts'
import { LeaseEnd } from '../../../lib/inbox/postgres/leased-claim.ts'
import type { LeasedClaim } from '../../../lib/inbox/postgres/leased-claim.ts'
import type { Row } from '../../../lib/inbox/postgres/query.ts'
import { settlementColumns, settlementOf } from '../../../lib/inbox/postgres/settlement.ts'
import type { ClockedServer, Stored } from './clocked-server.ts'
import { comparable, storedIn } from './comparable.ts'
import { FUNCTIONS } from './functions.ts'
import { Tables } from './tables.ts'
import type { LaneRow, Rank } from './tables.ts'

/** A call, and the numbers that decide the rest of it. */
export interface Step {
  readonly call: string
  readonly choices: readonly number[]
}

/** Those that deliver come up more often. */
const CALLS = [
  ...Array<string>(4).fill('add_events'), ...Array<string>(10).fill('turn'), ...Array<string>(6).fill('time'),
  'complete', 'complete', 'renew', 'release', 'unreserve', 'recovering', 'replay', 'replay', 'discard', 'forget', 'numbers'
]

export const steps = fc.array(fc.record<Step>({
  call: fc.constantFrom(...CALLS), choices: fc.array(fc.nat({ max: 59 }), { minLength: 40, maxLength: 40 })
}), { minLength: 20, maxLength: 40, size: 'max' })

const LEASE = 1_000
const IDS = ['a', 'b', 'c', 'd', 'e'].map((letter) => Buffer.alloc(32, letter).toString('base64url'))
const TIMES = [1, 60, LEASE, 2 * LEASE] as const
/** Where they are among the columns of a settlement: those of lanes, and of events. */
const DELAYS = [4, 11] as const
/** The last one is called as the first one's lane for collectors is. */
const LANES = ['x', 'y', `${COLLECT}x`]

interface Process {
  readonly holder: string
  readonly claims: LeasedClaim[]
  number: number
  since: number | null
}

/** The same calls to both servers. */
export class Comparison {
  readonly #real: ClockedServer
  readonly #model = new Tables()
  readonly #processes: readonly Process[] = Array.from({ length: 2 }, () => ({ holder: randomUUID(), claims: [], number: 0, since: null }))
  #stored: Stored | undefined
  #choices: number[] = []

  constructor (real: ClockedServer) {
    this.#real = real
    this.#model.now = 1_800_000_000_000
  }

  async run (steps: readonly Step[]): Promise<void> {
    await this.#real.setTime(this.#model.now)
    for (const { call, choices } of steps) {
      this.#choices = [...choices]
      await this.#step(call)
    }
  }

  /** Less than `count`. */
  #choose (count: number): number {
    return (this.#choices.shift() ?? 0) % count
  }

  #oneOf<T> (list: readonly T[]): T | undefined {
    return list[this.#choose(Math.max(1, list.length))]
  }

  #some<T> (list: readonly T[]): T[] {
    return list.filter(() => this.#choose(2) === 1)
  }

  async #step (call: string): Promise<void> {
    const process = this.#processes[this.#choose(this.#processes.length)]
    if (process === undefined) return
    const { holder, claims } = process
    const lanes = [...this.#model.lanes.keys()]
    if (call === 'time') {
      this.#model.now += this.#oneOf(TIMES) ?? 0
      await this.#real.setTime(this.#model.now)
    } else if (call === 'add_events') await this.#call(call, this.#newEvents())
    else if (call === 'turn') await this.#turn(process)
    else if (call === 'renew') {
      const some = this.#some(claims)
      await this.#call(call, [holder, some.map(({ lane }) => lane), some.map(({ number }) => number), LEASE])
    } else if (call === 'complete') await this.#complete(process)
    else if (call === 'release') await this.#call(call, [holder, this.#some(claims).map(({ number }) => number)])
    else if (call === 'unreserve') await this.#call(call, [holder, this.#some(lanes)])
    else if (call === 'replay') await this.#call(call, [this.#some(IDS).map(idBytes), this.#choose(2) === 1])
    else if (call === 'forget') await this.#call(call, [this.#oneOf(LANES), '0', this.#choose(2) + 1])
    else if (call === 'recovering') await this.#call(call, [])
    else await this.#call(call, [this.#some(IDS).map(idBytes)])
  }

  #newEvents (): unknown[] {
    const events = Array.from({ length: this.#choose(3) + 1 }, () => {
      const id = idBytes(this.#oneOf(IDS) ?? '')
      const problems = this.#choose(4) === 1 ? 'one\ntwo' : null
      const kind = problems !== null && this.#choose(2) === 1 ? 3 : 0
      return { id, lane: this.#oneOf(LANES), problems, kind, body: '{"event":"newMessage"}' }
    })
    const sizes = events.map(({ body }) => body.length)
    const starts = sizes.map((size, i) => size * i)
    const names = events.map(() => 'newMessage')
    const received = events.map((_, i) => this.#model.now - i)
    const bodies = Buffer.from(events.map(({ body }) => body).join(''))
    const most = this.#choose(6) === 1 ? 3 : 1_000
    return [events.map(({ id }) => id), names, events.map(({ lane }) => lane), events.map(({ kind }) => kind), received, events.map(({ problems }) => problems), starts, sizes, bodies, most, this.#choose(2) === 1 ? null : events.map(() => this.#oneOf([0, 60, 2 * LEASE, null]))]
  }

  async #turn (process: Process): Promise<void> {
    const { holder, claims } = process
    const settled = this.#some(claims)
    const columns = settlementColumns(settled.map((claim) => settlementOf(claim, this.#outcomes(claim))))
    for (const delays of DELAYS) columns[delays] = (columns[delays] as Array<number | null>).map((delay) => delay === null ? null : this.#oneOf(TIMES) ?? 0) // they go by this process's clock
    const own = this.#choose(5) === 1 ? [] : claims.map(({ number }) => number)
    const most = this.#oneOf([64, 64, 64, 1, 2, 0]) ?? 0
    const since = this.#choose(3) === 1 ? null : process.since
    process.number++
    const rows = await this.#call('turn', [holder, ...columns, own, process.number, this.#choose(3) > 0, most, LEASE, since, 50])
    const answer = answerOf(rows, process.number, new LeaseEnd(LEASE), (id) => { throw new Error(`${id} is damaged`) })
    if (answer.looked !== null) process.since = Number(answer.looked)
    for (const claim of settled) if (this.#choose(8) > 0) claims.splice(claims.indexOf(claim), 1) // or its answer was lost, and it is settled again
    claims.push(...answer.claims)
  }

  async #complete ({ holder, claims }: Process): Promise<void> {
    const claim = this.#oneOf(claims)
    const event = this.#oneOf(claim?.events ?? [])
    if (claim === undefined || event === undefined) return
    await this.#call('complete', [holder, String(claim.number + (this.#choose(6) === 1 ? 1 : 0)), claim.lane, String(event.seq), this.#oneOf(['p', 'q'])])
  }

  /** In order, up to one that is to be tried again in its lane. */
  #outcomes ({ events, isCollected }: LeasedClaim): Outcome[] {
    const outcomes: Outcome[] = []
    for (const { seq, attempt } of events.slice(0, this.#choose(4) + 1)) {
      const state = (['done', 'done', 'pending', 'dead', 'invalid'] as const)[this.#choose(5)] ?? 'done'
      const delivery = { attempt, startedAt: new Date(0), duration: 1, completed: [], failures: [] }
      const isPlain = state === 'done' && this.#choose(2) === 1
      const collects = state === 'pending' && this.#choose(2) === 1
      outcomes.push({
        seq,
        state,
        dueAt: null,
        completed: this.#some(['p', 'q']),
        refused: this.#some(['r']),
        error: state === 'done' ? null : 'failed',
        ...!isPlain && { delivery },
        ...state === 'pending' && (collects ? { collects, stays: this.#choose(2) === 1 } : { aside: this.#choose(3) === 1, running: this.#choose(3) === 1 })
      })
      if (state === 'pending' && !collects && !isCollected) break
    }
    return this.#choose(6) === 1 ? [] : outcomes
  }

  /** What the model answers, or what its error says. */
  #ask (name: string, values: unknown[]): Row[] | string {
    try {
      return FUNCTIONS[name]?.(this.#model, values) ?? []
    } catch (error) {
      return errorOf(error).message
    }
  }

  /** Returns the model's rows. */
  async #call (name: string, values: unknown[]): Promise<Row[]> {
    const before = this.#stored?.lanes ?? []
    const answer = await this.#real.attempt(name, values)
    const real = typeof answer === 'string' ? [] : answer
    this.#stored = await this.#real.stored()
    this.#model.rank = rankAs(before, this.#stored.lanes, new Set(real.map(({ lane }) => lane)))
    const rows = this.#ask(name, values)
    if (typeof rows === 'string' || typeof answer === 'string') {
      expectSame(`the answer to ${name}`, rows, answer)
      return []
    }
    expectSame(`the answer to ${name}`, comparable(rows), comparable(real))
    expectSame(`what is stored after ${name}`, storedIn(this.#model), this.#stored)
    return rows
  }
}

/** Which of the lanes that are due at the same time the server has taken first, as far as that can be told from what it has made of them. */
function rankAs (before: readonly LaneRow[], after: readonly LaneRow[], given: ReadonlySet<unknown>): Rank {
  return ({ lane, suspect }) => {
    const old = before.find((row) => row.lane === lane)
    const row = after.find((row) => row.lane === lane)
    if (row === undefined || row.suspect !== suspect) return 0
    if (given.has(lane)) return 1
    return isDeepStrictEqual(old, row) ? 3 : 2
  }
}

function expectSame (what: string, model: unknown, real: unknown): void {
  if (!isDeepStrictEqual(model, real)) throw new Error(`${what} differs:\nthe model has ${JSON.stringify(model)}\nthe server has ${JSON.stringify(real)}`)
}
