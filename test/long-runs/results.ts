import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, platform, release, totalmem } from 'node:os'
import type { InboxName, Options } from './options.ts'
import type { Found } from './run-context.ts'

const FOLDER = new URL('results/', import.meta.url)
const SUMMARY = new URL('summary.md', FOLDER)
const TITLE = '# Long runs\n\nWhat the last run of each has printed: `npm run long-run -- NAME`.\n'

/** Broken promises of a run that are named. */
const SHOWN = 20

/** A figure for each heading. */
export type Columns<Row> = Readonly<Record<string, (row: Row) => string | number>>

export function csvOf<Row> (columns: Columns<Row>, rows: readonly Row[]): string {
  const lines = [Object.keys(columns), ...rows.map((row) => Object.values(columns).map((cell) => cell(row)))]
  return lines.map((cells) => `${cells.join()}\n`).join('')
}

/** Where and when it was. */
export function circumstances ({ database }: Found, startedAt: Date): string {
  const processors = `${cpus().length} cores of ${cpus()[0]?.model.trim() ?? 'an unknown processor'}`
  const load = loadavg().map((load) => load.toFixed(1)).join(', ')
  return `${startedAt.toISOString()} to ${new Date().toISOString()}, ${processors}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${platform()} ${release()}, ` +
    `Node.js ${process.version}, ${database}. Load average of the machine at the end, over 1, 5 and 15 minutes: ${load}.`
}

export function sectionOf ({ name, command }: Options, inbox: InboxName, found: Found, startedAt: Date): string {
  const rows = found.summary.map(([what, figure]) => `| ${what} | ${figure} |`)
  const problems = found.problems.slice(0, SHOWN).map((problem) => `- ${problem}\n`)
  return `## ${name}, ${inbox}\n\n\`${command}\`\n\n${circumstances(found, startedAt)}\n\n| | |\n| --- | --- |\n${rows.join('\n')}\n` +
    (problems.length === 0 ? '' : `\nBroken promises: ${found.problems.length}, of which the first are\n\n${problems.join('')}`)
}

/** In the place of what the last run of the same has written. */
export function save ({ name }: Options, inbox: InboxName, { csv }: Found, section: string): void {
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(new URL(`${name}-${inbox}.csv`, FOLDER), csv)
  const [, ...before] = existsSync(SUMMARY) ? readFileSync(SUMMARY, 'utf8').split(/^(?=## )/m) : []
  const [heading] = section.split('\n')
  const others = before.filter((other) => !other.startsWith(`${heading ?? ''}\n`)).map((other) => other.trimEnd())
  writeFileSync(SUMMARY, `${[TITLE.trimEnd(), ...[...others, section.trimEnd()].sort()].join('\n\n')}\n`)
}
