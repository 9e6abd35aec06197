import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { broken } from './patches.ts'
import { missing } from './recorder/record.ts'
import { scenarios } from './scenarios.ts'

export const help = `Usage: npm run power-loss -- [options]

Tries to make the SQLite inbox lose events by a power loss. Processes use an inbox, and everything they write to its folder and sync is
recorded. Then the power is lost after each of these operations: of what was not synced, the disk has all, some or nothing, in any order, or
torn. The inbox opens each of these folders, and must have everything that was answered.

  --seed N          which states are tried, of those that a disk can have (1)
  --states N        how many of each kind, after each operation (4)
  --restarts N      in each scenario: in so many states the inbox starts, and the power is lost again (2)
  --scenario NAME   only this one, and no broken builds
  --keep FOLDER     a new one, for all recordings, and the first states in which something is wrong
  --recording FILE  a recording that was kept, instead of new ones
  --help            this text

Scenarios:

${Object.entries(scenarios).map(([name, { about }]) => `  ${name.padEnd(18)}${about}`).join('\n')}

Builds of the inbox that sync less are tried, too. If nothing is found in one of them, the command has failed:

${Object.entries(broken).map(([build, { scenarios }]) => `  ${build}, in ${scenarios.join(' and ')}`).join('\n')}

It needs Linux, and strace (Debian: apt-get install strace) to record. A recording is never the same again: SQLite writes random numbers. So to
see a failure again, keep the recording, and give it with the same --seed and --states.`

export interface Options {
  readonly seed: number
  readonly states: number
  readonly restarts: number
  readonly scenario: string | undefined
  readonly keep: string | undefined
  readonly recording: string | undefined
}

/** Throws if they are wrong. Undefined if help is wanted. */
export function optionsOf (args: string[]): Options | undefined {
  const text = { type: 'string' } as const
  const { values } = parseArgs({ args, options: { seed: text, states: text, restarts: text, scenario: text, keep: text, recording: text, help: { type: 'boolean' } } })
  if (values.help === true) return undefined
  const { scenario, keep, recording } = values
  if (scenario !== undefined && !(scenario in scenarios)) throw new Error(`there is no scenario ${scenario}, but ${Object.keys(scenarios).join(', ')}`)
  const reason = recording === undefined ? missing() : unreadable(recording)
  if (reason !== undefined) throw new Error(reason)
  return {
    seed: wholeNumber('seed', values.seed ?? '1', 0),
    states: wholeNumber('states', values.states ?? '4', 1),
    restarts: wholeNumber('restarts', values.restarts ?? '2', 0),
    scenario,
    keep,
    recording
  }
}

function unreadable (recording: string): string | undefined {
  return existsSync(recording) ? undefined : `there is no file ${recording}`
}

/** What does the same again. */
export function again ({ seed, states, restarts, scenario, recording }: Options): string {
  const given = Object.entries({ seed, states, restarts, scenario, recording }).filter(([, value]) => value !== undefined)
  return `npm run power-loss -- ${given.map(([name, value]) => `--${name} ${value}`).join(' ')}`
}

function wholeNumber (name: string, text: string, least: number): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < least || number > 0x7fffffff) throw new Error(`--${name} must be a whole number from ${least} on, got '${text}'`)
  return number
}
