import { readFileSync } from 'node:fs'
import type { Mutant, Survivor } from './mutants.ts'

/** A mutant that no test can or should kill. */
export interface Explained extends Mutant {
  readonly why: string
}

const FILE = new URL('survivors.json', import.meta.url)

export function readExplained (): Explained[] {
  return JSON.parse(readFileSync(FILE, 'utf8')) as Explained[] // a test looks at what is in it
}

export interface Comparison {
  /** Those that nobody has explained. */
  readonly unexplained: readonly Survivor[]
  /** Explanations of what does not survive any more. */
  readonly needless: readonly Explained[]
}

export function compare (survivors: readonly Survivor[], explained: readonly Explained[]): Comparison {
  return {
    unexplained: survivors.filter((survivor) => !explained.some((entry) => isSame(survivor, entry))),
    needless: explained.filter((entry) => !survivors.some((survivor) => isSame(survivor, entry)))
  }
}

function isSame (a: Mutant, b: Mutant): boolean {
  return a.file === b.file && a.line === b.line && a.mutator === b.mutator && a.from === b.from && a.to === b.to
}
