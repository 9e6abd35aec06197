import { createHash } from 'node:crypto'
import type { Mark } from '../marks.ts'
import type { Operation, Past, Recording } from '../recording.ts'
import { Disk } from './disk.ts'
import type { Files } from './disk.ts'
import { Expected } from './expected.ts'
import { inspect, Unusable } from './inspect.ts'
import type { Found } from './inspect.ts'
import { problemsOf, traces } from './problems.ts'
import type { Problem } from './problems.ts'
import type { Random } from './random.ts'
import { statesOf } from './states.ts'

export interface Failure {
  /** The power was lost after so many operations. */
  readonly cut: number
  readonly operation: Operation
  /** What became of the changes that were not synced. */
  readonly about: string
  readonly files: Files
  readonly problems: readonly Problem[]
}

export interface Report {
  /** After so many operations the power was lost. */
  prefixes: number
  /** States of the disk that differ from each other, or of which something else was known. */
  states: number
  /** Those of them whose files differ from those of all others: each was opened. */
  opened: number
  /** Those of the states in which something is wrong. */
  failed: number
  /** In how many of them it is what. */
  readonly kinds: Map<Problem['kind'], number>
  /** The first ones of them. */
  readonly failures: Failure[]
  /** Some states in which nothing was wrong. */
  readonly survivors: Survivor[]
}

/** A state from which an inbox can go on. */
export interface Survivor extends Pick<Recording, 'before' | 'past'> {
  /** Of its files. */
  readonly digest: string
}

/** Failures that are kept. */
const MOST = 3

export interface Plan {
  readonly random: Random
  /** States of each kind after each operation. */
  readonly most: number
  /** A folder, best in memory: thousands of databases are made there. */
  readonly workplace: string
  /** Whether the power is lost before an operation; undefined: at the end. @default before each, and at the end */
  readonly isCut?: (next: Operation | undefined) => boolean
  /** How many states are wanted to go on from. @default 0 */
  readonly survivors?: number
}

/** Loses the power after operations of a recording, and looks at what the disk can have then. */
export function replay ({ before, operations, past }: Recording, plan: Plan): Report {
  const { isCut = () => true, random, most } = plan
  const report: Report = { prefixes: 0, states: 0, opened: 0, failed: 0, kinds: new Map(), failures: [], survivors: [] }
  const disk = new Disk(before)
  const states = new States(plan, report, past)
  operations.forEach((operation, i) => {
    disk.apply(operation)
    if (operation.kind === 'mark') states.note(operation.mark)
    if (!isCut(operations[i + 1])) return
    report.prefixes++
    states.learn(disk)
    for (const { about, files } of statesOf(disk, random, most)) {
      const problems = states.problemsOf(files)
      if (problems.length > 0) count(report, { cut: i + 1, operation, about, files, problems })
    }
  })
  return report
}

function count (report: Report, failure: Failure): void {
  report.failed++
  for (const kind of new Set(failure.problems.map(({ kind }) => kind))) report.kinds.set(kind, (report.kinds.get(kind) ?? 0) + 1)
  if (report.failures.length < MOST) report.failures.push(failure)
}

class States {
  readonly #plan: Plan
  readonly #report: Report
  readonly #marks: Mark[]
  readonly #expected = new Expected()
  readonly #known: Set<string>
  /** By a digest of the files. */
  readonly #found = new Map<string, Found | Unusable>()
  /** Those that were checked since something new was known. */
  #checked = new Set<string>()

  constructor (plan: Plan, report: Report, past: Past) {
    this.#plan = plan
    this.#report = report
    this.#marks = [...past.marks]
    for (const mark of this.#marks) this.#expected.note(mark)
    this.#known = new Set(past.known)
  }

  note (mark: Mark): void {
    this.#marks.push(mark)
    this.#expected.note(mark)
    this.#checked = new Set()
  }

  /** What the tables have now, as any other process would see it. */
  learn (disk: Disk): void {
    const files = disk.after(disk.changes.map(() => 'kept'))
    const found = this.#inspect(digestOf(files), files)
    if (!(found instanceof Unusable)) this.#known.add(found.contents)
  }

  problemsOf (files: Files): readonly Problem[] {
    const digest = digestOf(files)
    if (this.#checked.has(digest)) return []
    this.#checked.add(digest)
    const found = this.#inspect(digest, files)
    const problems = found instanceof Unusable ? [{ kind: found.kind, about: found.message }] : problemsOf(found, this.#expected, this.#known)
    problems.push(...traces(files, this.#expected))
    this.#report.states++
    if (problems.length === 0) this.#keep(digest, files)
    return problems
  }

  #inspect (digest: string, files: Files): Found | Unusable {
    let found = this.#found.get(digest)
    if (found !== undefined) return found
    try {
      found = inspect(files, this.#plan.workplace)
    } catch (error) {
      if (!(error instanceof Unusable)) throw error
      found = error
    }
    this.#found.set(digest, found)
    this.#report.opened++
    return found
  }

  /** Those with the least digests: each state has the same chance. */
  #keep (digest: string, files: Files): void {
    const { survivors } = this.#report
    const most = this.#plan.survivors ?? 0
    const last = survivors.at(-1)
    if (survivors.length >= most && (last === undefined || last.digest < digest)) return
    const before = [...files].map(([name, content]) => ({ name, content }))
    survivors.push({ digest, before, past: { marks: [...this.#marks], known: [...this.#known] } })
    survivors.sort((a, b) => a.digest < b.digest ? -1 : 1).splice(most)
  }
}

function digestOf (files: Files): string {
  const hash = createHash('sha1')
  for (const [name, content] of [...files].sort(([a], [b]) => a < b ? -1 : 1)) hash.update(`${name} ${content.length} `).update(content)
  return hash.digest('base64')
}
