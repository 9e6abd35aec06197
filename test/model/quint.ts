import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const FOLDER = fileURLToPath(new URL('.', import.meta.url))
/** It is written in JavaScript, and runs the model itself: its faster evaluator would be downloaded. */
const QUINT = join(FOLDER, 'node_modules', '@informalsystems', 'quint', 'dist', 'src', 'cli.js')
const BACKEND = '--backend=typescript'

/** What must hold after each step: definitions in check.qnt. */
export const INVARIANTS = [
  'inOrder', 'oneAtATime', 'holdersOnly', 'attemptsEnd', 'crashesCount', 'lapsesCount', 'suspectsAlone', 'recordedBefore',
  'nothingLost', 'doneIsDone', 'begunAsHolder', 'allEnd'
]
/** What the samples are to come upon, or they say nothing about it: definitions in check.qnt. */
export const WITNESSES = ['ended', 'takenOver', 'interrupted', 'aside', 'reserved', 'late', 'givenUp', 'crashedTwice']

export interface Simulation {
  readonly status: 'ok' | 'violation'
  readonly violated: readonly string[]
  readonly samples: number
  /** Of all samples; of a violation, of the sample that has shown it. */
  readonly states: number
  readonly seconds: number
  /** In how many samples each witness was seen. */
  readonly witnesses: ReadonlyMap<string, number>
}

interface Extent {
  readonly seed: number
  readonly samples: number
  readonly steps: number
}

/** Runs the model at random, without a rule if one is named. */
export async function simulate (broken: string, { seed, samples, steps }: Extent): Promise<Simulation> {
  const trace = join(tmpdir(), `oneroute-model-${randomUUID()}.json`)
  const begun = performance.now()
  const output = await quint('run', join(FOLDER, 'check.qnt'), `--init=begun("${broken}")`, `--seed=${seed}`, `--max-samples=${samples}`, `--max-steps=${steps}`,
    `--out-itf=${trace}`, '--verbosity=2', '--hide', 's', '--invariants', ...INVARIANTS, '--witnesses', ...WITNESSES)
  const seconds = (performance.now() - begun) / 1_000
  const [, status] = /^\[(ok|violation)\]/m.exec(output) ?? []
  if (status !== 'ok' && status !== 'violation') throw new Error(`Quint has not run the model:\n${output}`)
  const seen = Array.from(output.matchAll(/^(\w+) was witnessed in (\d+) trace\(s\) out of (\d+)/gm))
  const explored = Number(seen[0]?.[3])
  const average = Number(/average=([\d.]+)/.exec(output)?.[1])
  const length = (JSON.parse(readFileSync(trace, 'utf8')) as { states: unknown[] }).states.length // as the format says
  rmSync(trace)
  return {
    status,
    violated: Array.from(output.matchAll(/❌ (\w+)/g), ([, name = '']) => name),
    samples: explored,
    states: status === 'ok' ? Math.round(average * explored) : length,
    seconds,
    witnesses: new Map(seen.map(([, name = '', count]) => [name, Number(count)]))
  }
}

/** Why a run was refused: the line of it, as Quint shows it. */
export type Refusals = ReadonlyMap<string, string>

/** Has Quint run what a file says. Returns the runs that the model accepts, and those of which it refuses a line. */
export async function test (file: string): Promise<{ accepted: string[], refused: Refusals }> {
  const output = await quint('test', file, '--max-samples=1', '--match=Test$')
  const accepted = Array.from(output.matchAll(/^ +ok (\w+)Test passed/gm), ([, name = '']) => name)
  // The line is false, or names something that is not there: that is an error of its own.
  const refusals = output.matchAll(/^ +\d+\) (\w+)Test:\n +Error \[QNT\d+\]: (.*)(?:\n +at .*\n +\d+: +(.*))?$/gm)
  const refused = new Map(Array.from(refusals, ([, name = '', message = '', line = message]) => [name, line.replace(/^\.then\((.*)\)$/, '$1')]))
  if (accepted.length + refused.size === 0) throw new Error(`Quint has not run the traces:\n${output}`)
  return { accepted, refused }
}

async function quint (command: string, file: string, ...args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [QUINT, command, file, BACKEND, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const chunks: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => { chunks.push(chunk) })
  await new Promise((resolve, reject) => { child.on('close', resolve).on('error', reject) })
  return Buffer.concat(chunks).toString()
}
