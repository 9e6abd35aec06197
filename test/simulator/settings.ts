import type { Tape } from './tape.ts'

/** What an app of a schedule is started with. Small numbers find most. */
export interface Settings {
  readonly lanes: number
  /** Of `newMessage`. 0: collectors alone want it. */
  readonly listeners: number
  readonly hearsInvalid: boolean
  readonly concurrency: number
  readonly maxBacklog: number
  readonly timeout: number
  readonly drainTimeout: number
  readonly retry: {
    readonly minDelay: number
    readonly maxDelay: number
    readonly factor: number
    readonly blockFor: number
    readonly giveUpAfter: number
    readonly attempts: number
  }
}

/** A collector that apps of a schedule have. */
export interface CollectorSettings {
  readonly name: string
  /** What it collects. */
  readonly of: 'newMessage' | 'event'
  readonly quiet: number
  readonly within: number
  readonly most: number
}

/** Apart from the others: schedules of kinds without collectors stay what they are. */
export function collectorsFrom (tape: Tape): CollectorSettings[] {
  const all = [{ name: 'answer', of: 'newMessage' }, { name: 'sum', of: 'event' }] as const
  return all.slice(0, tape.pick([1, 2, 2, 0])).map((collector) => {
    const quiet = tape.pick([50, 1, 700, 3_000])
    return { ...collector, quiet, within: quiet * tape.pick([5, 1, 2]), most: tape.pick([20, 1, 2, 3]) }
  })
}

/** With collectors: whether listeners seldom fail, so that most of what happens is what collectors do; and whether there are any of events that fit. */
export function moodFrom (tape: Tape): { isCalm: boolean, listens: boolean } {
  const choice = tape.choose(8)
  return { isCalm: choice % 4 !== 3, listens: choice < 5 || choice === 7 }
}

export function settingsFrom (tape: Tape): Settings {
  const attempts = tape.pick([3, 1, 2, Infinity])
  return {
    lanes: tape.pick([1, 2, 3]),
    listeners: tape.pick([1, 2]),
    hearsInvalid: tape.pick([false, true]),
    concurrency: tape.pick([64, 1, 2]),
    maxBacklog: tape.pick([1_000, 1_000, 3]),
    timeout: tape.pick([50, 10, 5_000]),
    drainTimeout: tape.pick([100, 0, 5_000]),
    retry: {
      minDelay: tape.pick([10, 1, 100]),
      maxDelay: tape.pick([1_000, 100]),
      factor: tape.pick([2, 1, 3]),
      blockFor: tape.pick([1_000, 0, 100, Infinity]),
      giveUpAfter: attempts === Infinity ? tape.pick([2_000, 500]) : tape.pick([10_000, 500, 60_000]), // or a schedule takes thousands of attempts
      attempts
    }
  }
}
