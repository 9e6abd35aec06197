import { randomInt } from 'node:crypto'
import { UsageError } from '../../usage-error.ts'
import { parseMix } from './mix.ts'
import type { Mix } from './mix.ts'

export interface ChaosOptions {
  readonly mix: Mix
  readonly seed: number
  /** Where the receiver writes what it handles: a path, or '-' for standard input. */
  readonly handled: string | undefined
  /** Milliseconds without a new line after which no more is waited for. */
  readonly settle: number
}

/** What `--chaos` changes of the defaults. */
export const CHAOS_DEFAULTS = { count: 1_000, conversations: 20, concurrency: 16, settle: 5_000 } as const

export const GREATEST_SEED = 2 ** 32 - 1

interface Values {
  readonly chaos: boolean
  readonly chaosMix: string | undefined
  readonly seed: number | undefined
  readonly handled: string | undefined
  readonly settle: number | undefined
}

/** What the options of `--chaos` say, or nothing if it is not asked for. */
export function chaosOf (values: Values, { event, repeat, signed }: { event: string, repeat: boolean, signed: boolean }): ChaosOptions | undefined {
  const { chaos, chaosMix, seed, handled, settle } = values
  if (!chaos) {
    refuseAlone({ '--chaos-mix': chaosMix, '--seed': seed, '--handled': handled, '--settle': settle })
    return undefined
  }
  if (repeat) throw new UsageError('--repeat posts one event only, and --chaos repeats by itself: leave one of them out')
  if (handled === '') throw new UsageError("--handled must be a file, or '-' for standard input, got ''")
  if (handled === '-' && event === '-') throw new UsageError('Standard input cannot be both the event and what was handled: give a file for one of them')
  if (settle !== undefined && handled === undefined) throw new UsageError('--settle is how long to wait for lines of --handled, which there is not: leave it out')
  return {
    mix: parseMix(chaosMix, signed),
    seed: seed ?? randomInt(GREATEST_SEED),
    handled,
    settle: settle ?? CHAOS_DEFAULTS.settle
  }
}

function refuseAlone (values: Record<string, string | number | undefined>): void {
  for (const [option, value] of Object.entries(values)) {
    if (value !== undefined) throw new UsageError(`${option} says how --chaos goes, which is not asked for: add --chaos, or leave it out`)
  }
}
