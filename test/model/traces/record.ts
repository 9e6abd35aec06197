import { mock } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import pg from 'pg'
import { pick, randomFrom } from '../../../lib/cli/send/chaos/random.ts'
import type { Random } from '../../../lib/cli/send/chaos/random.ts'
import { idOf } from './events.ts'
import type { Kind } from './lines.ts'
import { TracedProcess } from './process.ts'
import type { Held } from './process.ts'
import { Recorder } from './recorder.ts'
import { Tables } from './tables.ts'

const EVENTS = 6
const PROCESSES = 7
const ALIVE = 2
const STEPS = 45
/** Claims until all has ended, at most. */
const MOST_CLAIMS = 200

const LANES = ['a', 'a', 'b', 'c'] as const
const KINDS = ['Succeeded', 'Succeeded', 'Succeeded', 'GivenUp', 'Retry', 'Retry', 'StillRuns', 'LeavesLane'] as const satisfies readonly Kind[]

/** What can happen, and how likely it is. */
const STEPS_OF = {
  add: 4, claim: 5, deliver: 12, settle: 1, pass: 2, stall: 1, crash: 1, close: 1, replay: 1, discard: 1, postAgain: 1
}
type Step = keyof typeof STEPS_OF

export interface Trace {
  readonly name: string
  readonly lines: readonly string[]
}

const numbers = new Map(Array.from({ length: EVENTS }, (_, i) => [idOf(i + 1), i + 1]))
const numberOf = (id: string) => numbers.get(id) ?? 0
const numberOfHex = (id: string) => numberOf(Buffer.from(id, 'hex').toString('base64url'))

/** One trace: things happen to an inbox that is shared by processes, and then nothing fails until all has ended. */
class Recording {
  readonly #url: string
  readonly #schema: string
  readonly #random: Random
  readonly #recorder: Recorder
  readonly #tables: Tables
  readonly #processes: TracedProcess[] = []
  readonly #lanes = new Map<number, string>()

  constructor (url: string, schema: string, tables: Tables, random: Random) {
    this.#url = url
    this.#schema = schema
    this.#tables = tables
    this.#random = random
    const settings = { attempts: pick(random, [1, 2, 3]), isLong: random() < 1 / 8 }
    this.#recorder = new Recorder(tables, mock.timers, settings, numberOf)
  }

  async record (): Promise<string[]> {
    const { settings: { attempts, isLong }, lines } = this.#recorder
    lines.add('begun', EVENTS, PROCESSES, `{ claimed: ${isLong ? 2 : 16}, attempts: ${attempts} }`)
    while (this.#alive.length < ALIVE) await this.#start()
    for (let step = 0; step < STEPS; step++) await this.#step(this.#any())
    await this.#calm()
    this.#recorder.finish()
    for (const process of this.#alive) await process.close()
    return lines.lines
  }

  get #alive (): TracedProcess[] {
    return this.#processes.filter(({ isAlive }) => isAlive)
  }

  async #start (): Promise<TracedProcess> {
    const process = new TracedProcess(this.#processes.length + 1, this.#url, this.#schema)
    this.#processes.push(process)
    await process.open()
    return process
  }

  #any (): Step {
    const steps = Object.entries(STEPS_OF).flatMap(([step, times]) => Array.from({ length: times }, () => step as Step)) // its keys are steps
    return pick(this.#random, steps as [Step, ...Step[]]) // there are some
  }

  async #step (step: Step): Promise<void> {
    const random = this.#random
    const recorder = this.#recorder
    const process = pick(random, this.#alive as [TracedProcess, ...TracedProcess[]]) // one is left in any case
    const finished = [...this.#tables.last.events.values()].filter(({ state }) => state !== 'Pending')
    const chosen = finished[Math.floor(random() * finished.length)]
    if (step === 'add' && this.#lanes.size < EVENTS) await this.#add(process)
    else if (step === 'claim') await recorder.claim(process, pick(random, [1, 2, 3]), random() < 1 / 10)
    else if (step === 'deliver') await this.#deliver(process)
    else if (step === 'settle') await this.#settle(process)
    else if (step === 'pass') await recorder.pass(this.#processes)
    else if (step === 'stall') process.pool.isStalled = !process.pool.isStalled
    else if (step === 'crash' || step === 'close') await this.#end(process, step)
    else if (step === 'replay' && chosen !== undefined) await recorder.replay(process, chosen.event)
    else if (step === 'discard' && this.#tables.last.events.size > 0) await recorder.discard(process, pick(random, [...this.#tables.last.events.keys()] as [number, ...number[]])) // not empty
    else if (step === 'postAgain' && chosen?.state === 'Dead') await recorder.add(process, chosen.event, this.#lanes.get(chosen.event) ?? '')
  }

  async #add (process: TracedProcess): Promise<void> {
    const event = this.#lanes.size + 1
    const lane = pick(this.#random, LANES)
    this.#lanes.set(event, lane)
    await this.#recorder.add(process, event, lane)
  }

  async #deliver (process: TracedProcess, kinds: readonly [Kind, ...Kind[]] = KINDS): Promise<void> {
    const held = this.#heldBy(process)
    if (held === undefined) return
    const event = held.claim.events[held.outcomes.length]
    if (held.open) this.#recorder.end(held, pick(this.#random, kinds))
    else if (event === undefined || held.claim.isHeld === false || isRetry(held)) await this.#settle(process)
    else if (event.interrupted === true && event.isDiscarded !== true) this.#recorder.end(held, pick(this.#random, ['Retry', 'LeavesLane']))
    else this.#recorder.begin(held)
  }

  #heldBy ({ claims }: TracedProcess): Held | undefined {
    return [...claims][Math.floor(this.#random() * claims.size)]
  }

  async #settle (process: TracedProcess): Promise<void> {
    const held = [...process.claims].find(({ open }) => !open)
    if (held !== undefined) await this.#recorder.settle(process, held, this.#random() < 1 / 8)
  }

  async #end (process: TracedProcess, how: 'crash' | 'close'): Promise<void> {
    if (this.#processes.length === PROCESSES - 1) return
    if (how === 'crash') this.#recorder.crash(process)
    else await this.#recorder.close(process)
    await this.#start()
  }

  /** Nothing fails any more. */
  async #calm (): Promise<void> {
    for (const { pool } of this.#alive) pool.isStalled = false
    const last = await this.#start()
    for (let claims = 0; this.#pending > 0; claims++) {
      if (claims === MOST_CLAIMS) throw new Error(`${this.#pending} events do not end`)
      for (const process of this.#alive) while (process.claims.size > 0) await this.#deliver(process, ['Succeeded'])
      if (await this.#recorder.claim(last, 3) === 0) {
        await this.#recorder.pass(this.#processes)
        await setTimeout(10) // of the server's time, until a look goes through everything again
      }
    }
  }

  get #pending (): number {
    return [...this.#tables.last.events.values()].filter(({ state }) => state === 'Pending').length
  }
}

function isRetry ({ outcomes }: Held): boolean {
  return outcomes.at(-1)?.state === 'pending'
}

/** Records so many traces, one after the other: the clock is the same for all of this process. */
export async function record (url: string, seed: number, count: number): Promise<Trace[]> {
  const schema = 'traces'
  const pool = new pg.Pool({ connectionString: url })
  const tables = new Tables(pool, schema, numberOfHex)
  const first = new TracedProcess(0, url, schema)
  await first.open() // makes the tables
  await first.close()
  const traces: Trace[] = []
  for (let i = 0; i < count; i++) {
    await tables.clear()
    mock.timers.enable({ apis: ['setInterval', 'Date'], now: Date.now() })
    const recording = new Recording(url, schema, tables, randomFrom(seed + i))
    traces.push({ name: `trace${seed + i}`, lines: await recording.record() })
    mock.timers.reset()
  }
  await pool.end()
  return traces
}
