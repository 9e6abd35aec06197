import { readFileSync } from 'node:fs'

const LONGEST = 100 // characters of code in a list

/** What Stryker says about a mutant. Its own type has more. */
export interface StrykerMutant {
  readonly mutatorName: string
  readonly replacement?: string | undefined
  readonly status: string
  /** Lines and columns count from 1. */
  readonly location: { readonly start: Position, readonly end: Position }
}

interface Position {
  readonly line: number
  readonly column: number
}

/** A mutant by its code: other lines of the file may come and go. */
export interface Mutant {
  readonly file: string
  /** The line that it begins in, without blanks around it. */
  readonly line: string
  readonly mutator: string
  readonly from: string
  readonly to: string
}

export interface Survivor extends Mutant {
  readonly lineNumber: number
}

/** What became of the mutants of a file. */
export interface Outcome {
  readonly file: string
  readonly killed: number
  readonly timedOut: number
  readonly survivors: readonly Survivor[]
}

/** Those that cannot run do not count. */
export function outcomeOf (file: string, mutants: readonly StrykerMutant[]): Outcome {
  const lines = readFileSync(file, 'utf8').split('\n')
  const count = (wanted: string) => mutants.filter(({ status }) => status === wanted).length
  const survivors = mutants
    .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
    .map((mutant) => survivorOf(file, lines, mutant))
  return { file, killed: count('Killed'), timedOut: count('Timeout'), survivors }
}

function survivorOf (file: string, lines: readonly string[], { mutatorName, replacement = '', location: { start, end } }: StrykerMutant): Survivor {
  const code = lines.slice(start.line - 1, end.line)
  const last = code.length - 1
  const from = code.map((line, i) => line.slice(i === 0 ? start.column - 1 : 0, i === last ? end.column - 1 : undefined)).join('\n')
  return {
    file,
    line: String(code[0]).trim(),
    mutator: mutatorName,
    from: short(from),
    to: short(replacement),
    lineNumber: start.line
  }
}

function short (code: string): string {
  const line = code.replaceAll(/\s+/g, ' ')
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line
}
