import type { InboxKind } from './kind.ts'
import { install, runSchedule } from './schedule.ts'
import { shrink } from './shrink.ts'
import { Tape } from './tape.ts'
import type { Invariant, Violation } from './world.ts'

/** Numbers that a schedule consists of, at most, if its inbox does not say it. */
const LONGEST = 200

/** Which schedules to run. */
export interface Range {
  /** Of the first one: each next one has the next number. */
  readonly seed: number
  readonly schedules: number
  /** The batch ends when this many schedules have violated something. */
  readonly most: number
  /** Only what violates this one counts. @default all do */
  readonly invariant?: Invariant | undefined
  /** Whether a shorter schedule is looked for that violates the same. @default false */
  readonly shrinks?: boolean | undefined
}

/** A schedule that violates something. */
export interface Finding {
  readonly seed: number
  readonly violation: Violation
  /** The shortest one that was found to violate the same. */
  readonly tape: readonly number[]
  /** What happens in it. */
  readonly lines: readonly string[]
}

export interface Report {
  readonly schedules: number
  /** What has happened, and how often. */
  readonly counts: Readonly<Record<string, number>>
  readonly findings: readonly Finding[]
}

/** Runs schedules of one inbox, one after the other. */
export async function runBatch (kind: InboxKind, { seed: first, schedules, most, invariant, shrinks = false }: Range, onProgress: (done: number) => void = () => {}): Promise<Report> {
  const counts: Record<string, number> = {}
  const findings: Finding[] = []
  let done = 0
  const uninstall = install(kind)
  try {
    while (done < schedules && findings.length < most) {
      const seed = first + done++
      const world = await runSchedule(kind, Tape.from(seed, kind.longest ?? LONGEST))
      for (const [what, count] of world.counts) counts[what] = (counts[what] ?? 0) + count
      const violation = world.violations.find((violation) => invariant === undefined || violation.invariant === invariant)
      const { taken: tape } = world.tape
      if (violation !== undefined) findings.push({ seed, ...shrinks ? await shrink(kind, tape, violation) : { violation, tape, lines: [] } })
      if (done % 500 === 0) onProgress(500)
    }
  } finally {
    uninstall()
  }
  onProgress(done % 500)
  return { schedules: done, counts, findings }
}

/** Runs one schedule again, such as one that has violated something: says what it violates now. */
export async function violationsOf (kind: InboxKind, numbers: readonly number[]): Promise<string[]> {
  const uninstall = install(kind)
  try {
    const { violations } = await runSchedule(kind, Tape.of(numbers))
    return violations.map(({ invariant, text }) => `${invariant}: ${text}`)
  } finally {
    uninstall()
  }
}
