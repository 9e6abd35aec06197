import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { randomFrom } from '../../../lib/cli/send/chaos/random.ts'
import { inParallel } from '../jobs.ts'
import { test } from '../quint.ts'
import { changed } from './change.ts'
import { fileOf } from './file.ts'
import type { Trace } from './record.ts'

const MODEL = fileURLToPath(new URL('..', import.meta.url))
/** Traces in a file. */
const TOGETHER = 20
const CHANGED = 'Changed'

export interface Checked {
  readonly accepted: number
  /** The line of each trace that the model refuses. */
  readonly refused: ReadonlyMap<string, string>
  /** Traces with a changed line that the model refuses, and those that it accepts. */
  readonly changedRefused: number
  readonly changedAccepted: readonly string[]
  readonly changes: number
}

/** Asks the model about traces, and about each with a line changed. */
export async function check (traces: readonly Trace[], seed: number, jobs: number): Promise<Checked> {
  const random = randomFrom(seed)
  const accepted: string[] = []
  const refused = new Map<string, string>()
  const changes = traces.flatMap(({ name, lines }) => {
    const other = changed(lines, random)
    return other === undefined ? [] : [{ name: name + CHANGED, lines: other }]
  })
  await inParallel(filesOf([...traces, ...changes]), jobs, ask, (result) => {
    accepted.push(...result.accepted)
    for (const [name, line] of result.refused) refused.set(name, line)
  })
  const isChanged = (name: string) => name.endsWith(CHANGED)
  return {
    accepted: accepted.filter((name) => !isChanged(name)).length,
    refused: new Map([...refused].filter(([name]) => !isChanged(name))),
    changedRefused: [...refused.keys()].filter(isChanged).length,
    changedAccepted: accepted.filter(isChanged),
    changes: changes.length
  }
}

function filesOf (traces: readonly Trace[]): Trace[][] {
  return Array.from({ length: Math.ceil(traces.length / TOGETHER) }, (_, i) => traces.slice(i * TOGETHER, (i + 1) * TOGETHER))
}

async function ask (traces: readonly Trace[]): ReturnType<typeof test> {
  const folder = mkdtempSync(join(tmpdir(), 'oneroute-traces-'))
  try {
    // Quint imports by relative paths only.
    for (const name of ['types', 'server', 'settle', 'inbox', 'follow']) cpSync(join(MODEL, `${name}.qnt`), join(folder, `${name}.qnt`))
    writeFileSync(join(folder, 'traces.qnt'), fileOf('traces', traces))
    return await test(join(folder, 'traces.qnt'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}
