import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ENV, FLAGS } from '../../helpers/environment.ts'
import type { Patch } from '../patches.ts'
import { FILE } from '../recording.ts'
import type { Recording } from '../recording.ts'
import type { Scenario } from '../scenarios.ts'
import { FolderTrace, TRACED } from './folder-trace.ts'

/** With a filter, it stops a process only at the calls that it traces. Paths of descriptors, and all texts in full, in hexadecimal digits. */
const STRACE = ['-f', '--seccomp-bpf', '-qq', '-y', '-xx', '-s', '16777216', '-e', `trace=${TRACED.join(',')}`]
const urlOf = (file: string) => new URL(file, import.meta.url)

/** Why nothing can be recorded here; undefined if it can. */
export function missing (): string | undefined {
  const { status, error } = spawnSync('strace', [...STRACE, '-o', '/dev/null', 'true'])
  if (status === 0) return undefined
  return error === undefined ? 'strace does not work here: it may need to be allowed (ptrace)' : 'strace is needed, which comes with Linux (Debian: apt-get install strace)'
}

const NOTHING: Pick<Recording, 'before' | 'past'> = { before: [], past: { marks: [], known: [] } }

export interface RecordingPlan {
  readonly name: string
  readonly scenario: Scenario
  /** @default none */
  readonly patches?: readonly Patch[]
  /** What there is at the beginning. @default nothing */
  readonly start?: Pick<Recording, 'before' | 'past'>
  /** A path for a new folder. */
  readonly workplace: string
}

/** Lets a scenario run, and records what its processes do to their folder. */
export function record ({ name, scenario, patches = [], start = NOTHING, workplace }: RecordingPlan): Recording {
  const { before, past } = start
  const [folder, marks, output] = ['folder', 'marks', 'trace'].map((file) => join(workplace, file)) as [string, string, string] // of three, three
  mkdirSync(folder, { recursive: true })
  for (const { name, content } of before) writeFileSync(join(folder, name), content)
  const trace = new FolderTrace(folder, marks, before.map(({ name }) => name))
  scenario.parts.forEach(({ killed = false }, part) => {
    const { status, signal, stderr } = spawnSync('strace', [...STRACE, '-o', output, process.execPath, ...FLAGS, '--import', urlOf('patching.ts').href,
      fileURLToPath(urlOf('process.ts')), name, String(part), join(folder, FILE), marks],
    { env: { ...ENV, POWER_LOSS_PATCHES: JSON.stringify([...scenario.patches ?? [], ...patches]) }, encoding: 'utf8' })
    if (killed ? signal !== 'SIGKILL' : status !== 0) throw new Error(`part ${part} of ${name} has failed: ${stderr}`)
    trace.add(readFileSync(output, 'utf8'))
  })
  const unknown = readdirSync(folder).filter((file) => !/^inbox\.db(?:-wal|-shm|-lock|-journal)?$/.test(file))
  if (unknown.length > 0) throw new Error(`the folder has files that nobody knows of: ${unknown.join(', ')}`)
  rmSync(workplace, { recursive: true })
  return { before, past, operations: trace.operations }
}
