import type { InboxStats } from '../../inbox/inbox.ts'
import { EXIT } from '../exit.ts'
import type { Io } from '../io.ts'
import { jsonOf, paintFor } from '../terminal.ts'
import { ageOf } from './age.ts'
import type { InboxOptions } from './options.ts'
import { colourOf } from './row.ts'
import type { Source } from './source.ts'

const STATES = ['pending', 'done', 'dead', 'invalid'] as const satisfies ReadonlyArray<keyof InboxStats>

export async function stats (source: Source, { json }: InboxOptions, { stdout, env }: Io): Promise<number> {
  const stats = await source.stats()
  if (json) {
    stdout.write(`${jsonOf(stats)}\n`)
    return EXIT.ok
  }
  const paint = paintFor(stdout, env)
  const width = Math.max(...STATES.map((state) => String(stats[state]).length))
  for (const state of STATES) {
    const count = stats[state]
    const name = state.padEnd(7)
    const oldest = state === 'pending' && stats.oldestPendingAt !== null ? `  the oldest for ${ageOf(stats.oldestPendingAt)}` : ''
    stdout.write(`${count === 0 ? name : paint(colourOf(state), name)}  ${String(count).padStart(width)}${oldest}\n`)
  }
  return EXIT.ok
}
