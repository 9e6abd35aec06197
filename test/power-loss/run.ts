// npm run power-loss: see options.ts.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { help, optionsOf } from './options.ts'
import type { Options } from './options.ts'
import { broken } from './patches.ts'
import type { Patch } from './patches.ts'
import { Printer } from './printer.ts'
import { record, missing } from './recorder/record.ts'
import { read } from './recording.ts'
import type { Recording } from './recording.ts'
import { Random } from './replayer/random.ts'
import { replay } from './replayer/replay.ts'
import type { Past, Report } from './replayer/replay.ts'
import { restart, scenarios } from './scenarios.ts'
import type { Scenario } from './scenarios.ts'

/** Where many of its writes are, and those of its checkpoints. */
const FOR_BROKEN = ['commits', 'checkpoint'] as const
/** In memory: thousands of databases are made there, and synced. */
const MEMORY = '/dev/shm'

class Run {
  readonly #options: Options
  readonly #printer: Printer
  readonly #workplace = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'power-loss-'))
  readonly #random: Random

  constructor (options: Options) {
    this.#options = options
    this.#random = new Random(options.seed)
    this.#printer = new Printer(options.keep)
  }

  /** Says whether all is as it has to be. */
  all (): boolean {
    const { scenario: only, recording } = this.#options
    try {
      if (recording !== undefined) return this.#replay(recording, read(recording)).failures.length === 0
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
    const scenario = scenarios[name]
    if (scenario === undefined) throw new Error(`there is no scenario ${name}`)
    const { failures, survivors } = this.#replay(name, this.#record(name, scenario), this.#options.restarts)
    return survivors.map((past, i) => this.#restart(`${name}, restart ${i + 1}`, past)).every(Boolean) && failures.length === 0
  }

  #restart (name: string, past: Past): boolean {
    const before = [...past.files].map(([name, content]) => ({ name, content }))
    return this.#replay(name, this.#record('restart', restart, [], before), 0, past).failures.length === 0
  }

  /** Builds that sync less. */
  #broken (): boolean {
    return Object.entries(broken).map(([build, patches]) => {
      const reports = FOR_BROKEN.map((name) => this.#replay(`${name}, ${build}`, this.#record(name, scenarios[name], patches)))
      const isFound = reports.some(({ failures }) => failures.length > 0)
      this.#printer.line(isFound ? `  as it has to be: ${build} is found out` : `  WRONG: nothing is lost with ${build}, so that nothing is proved`)
      return isFound
    }).every(Boolean)
  }

  #record (name: string, scenario: Scenario | undefined, patches: readonly Patch[] = [], before: Recording['before'] = []): Recording {
    if (scenario === undefined) throw new Error(`there is no scenario ${name}`)
    return record({ name, scenario, patches, before, workplace: join(this.#workplace, 'recording') })
  }

  #replay (name: string, recording: Recording, survivors = 0, past?: Past): Report {
    const folder = join(this.#workplace, 'states')
    mkdirSync(folder, { recursive: true })
    const plan = { random: this.#random, most: this.#options.states, workplace: folder, survivors }
    return this.#printer.timed(name, recording, () => replay(recording, past === undefined ? plan : { ...plan, past }))
  }
}

const options = optionsOf(process.argv.slice(2))
if (options === undefined) {
  console.log(help)
} else {
  const reason = options.recording === undefined ? missing() : undefined
  if (reason !== undefined) {
    console.error(reason)
    process.exitCode = 2
  } else {
    console.log(`seed ${options.seed}, ${options.states} states of each kind. Again: npm run power-loss -- --seed ${options.seed} --states ${options.states} --restarts ${options.restarts}`)
    if (!new Run(options).all()) process.exitCode = 1
  }
}
