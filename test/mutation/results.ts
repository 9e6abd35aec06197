import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Outcome } from './mutants.ts'

const FILE = new URL('results.csv', import.meta.url)
const HEAD = 'file,mutants,killed,timed out,survived,score in %,seconds,date,node'

/** Of the mutants that could run, how many a test has noticed. */
export function scoreOf ({ killed, timedOut, survivors }: Outcome): number {
  return Math.floor((killed + timedOut) / (killed + timedOut + survivors.length) * 1_000) / 10
}

/** A line of the results. */
export function rowOf (outcome: Outcome, seconds: number): string {
  const { file, killed, timedOut, survivors } = outcome
  const mutants = killed + timedOut + survivors.length
  const date = new Date().toISOString().slice(0, 10)
  return [file, mutants, killed, timedOut, survivors.length, scoreOf(outcome).toFixed(1), Math.round(seconds), date, process.version].join()
}

/** Puts a line in the place of the one that was there for its file. */
export function saveRow (row: string): void {
  const rows = existsSync(FILE) ? readFileSync(FILE, 'utf8').trimEnd().split('\n').slice(1) : []
  const file = fileOf(row)
  const others = rows.filter((other) => fileOf(other) !== file)
  writeFileSync(FILE, `${[HEAD, ...[...others, row].sort()].join('\n')}\n`)
}

function fileOf (row: string): string {
  return row.slice(0, row.indexOf(','))
}
