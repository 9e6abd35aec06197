import type { InboxStats } from '../../inbox/inbox.ts'
import { EXIT } from '../exit.ts'
import type { Io } from '../io.ts'
import { jsonOf, paintFor } from '../terminal.ts'
import { ageOf } from './age.ts'
import { passed } from './limits.ts'
import type { InboxOptions } from './options.ts'
import { colourOf } from './row.ts'
import type { Source } from './source.ts'

const COUNTS = ['pending', 'failing', 'done', 'dead', 'invalid'] as const satisfies ReadonlyArray<keyof InboxStats>

export async function stats (source: Source, { json, limits }: InboxOptions, io: Io): Promise<number> {
  const stats = await source.stats()
  if (json) io.stdout.write(`${jsonOf(stats)}\n`)
  else print(stats, io)
  const lines = passed(limits, stats)
  for (const line of lines) io.stderr.write(`${line}\n`)
  return lines.length === 0 ? EXIT.ok : EXIT.failed
}

function print (stats: InboxStats, { stdout, env }: Io): void {
  const paint = paintFor(stdout, env)
  const width = Math.max(...COUNTS.map((name) => String(stats[name]).length))
  for (const name of COUNTS) {
    const count = stats[name]
    const padded = name.padEnd(7)
    const oldest = name === 'pending' && stats.oldestPendingAt !== null ? `  the oldest for ${ageOf(stats.oldestPendingAt)}` : ''
    const colour = colourOf(name === 'failing' ? 'pending' : name) // which they are
    stdout.write(`${count === 0 ? padded : paint(colour, padded)}  ${String(count).padStart(width)}${oldest}\n`)
  }
  stdout.write(stats.lastReceivedAt === null ? 'None was accepted yet.\n' : `The last one was accepted ${ageOf(stats.lastReceivedAt)} ago.\n`)
}
