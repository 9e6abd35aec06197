// npm run power-loss: see options.ts.
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { asked } from '../helpers/asked.ts'
import { again, help, optionsOf } from './options.ts'
import type { Options } from './options.ts'
import { broken } from './patches.ts'
import { Printer } from './printer.ts'
import { record } from './recorder/record.ts'
import type { RecordingPlan } from './recorder/record.ts'
import { read } from './recording.ts'
import type { Recording } from './recording.ts'
import { Random } from './replayer/random.ts'
import { replay } from './replayer/replay.ts'
import type { Plan, Report } from './replayer/replay.ts'
import { restart, scenarios } from './scenarios.ts'
import type { Scenario } from './scenarios.ts'
import { makeWorkplace } from './workplace.ts'

/** States of each kind that are enough to find out a broken build. */
const FOR_BROKEN = 1

class Run {
  readonly #options: Options
  readonly #printer: Printer
  readonly #workplace = makeWorkplace()

  constructor (options: Options) {
    this.#options = options
    this.#printer = new Printer(options.keep)
  }

  /** Says whether all is as it has to be. */
  all (): boolean {
    const { scenario: only, recording } = this.#options
    try {
      if (recording !== undefined) return this.#replay(recording, read(recording)).failed === 0
      const names = only === undefined ? Object.keys(scenarios) : [only]
      const isSafe = names.map((name) => this.#scenario(name)).every(Boolean)
      const isFoundOut = only !== undefined || this.#broken()
      this.#printer.total()
      return isSafe && isFoundOut
    } finally {
      rmSync(this.#workplace, { recursive: true })
    }
  }

  #scenario (name: string): boolean {
    const scenario = this.#named(name)
    const first = this.#replay(name, this.#record({ name, scenario }), { survivors: this.#options.restarts })
    const restarts = first.survivors.map((start, i) => this.#replay(`${name}, restart ${i + 1}`, this.#record({ name: 'restart', scenario: restart, start })))
    return this.#printer.sum(`${name}, with its restarts`, [first, ...restarts]) === 0
  }

  /** Each of these builds has to be found out, in each of its scenarios. */
  #broken (): boolean {
    return Object.entries(broken).flatMap(([build, { patches, scenarios: names }]) => names.map((name) => {
      const { failed } = this.#replay(`${name}, ${build}`, this.#record({ name, scenario: this.#named(name), patches }), { most: FOR_BROKEN })
      const isFound = failed > 0
      this.#printer.line(isFound ? '  as it has to be: this build is broken' : '  FAILED: nothing is found in a build that is broken')
      return isFound
    })).every(Boolean)
  }

  #named (name: string): Scenario {
    const scenario = scenarios[name]
    if (scenario === undefined) throw new Error(`there is no scenario ${name}`)
    return scenario
  }

  #record (plan: Omit<RecordingPlan, 'workplace'>): Recording {
    return record({ ...plan, workplace: join(this.#workplace, 'recording') })
  }

  #replay (name: string, recording: Recording, more: Partial<Plan> = {}): Report {
    const workplace = join(this.#workplace, 'states')
    mkdirSync(workplace, { recursive: true })
    const plan = { random: new Random(this.#options.seed), most: this.#options.states, workplace, ...more }
    return this.#printer.timed(name, recording, () => replay(recording, plan))
  }
}

const options = asked(help, optionsOf)
if (options !== undefined) {
  console.log(`Again: ${again(options)}`)
  if (!new Run(options).all()) process.exitCode = 1
}
