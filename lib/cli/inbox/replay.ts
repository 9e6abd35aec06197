import { createInterface } from 'node:readline/promises'
import { replayAll } from '../../inbox/search.ts'
import { EXIT } from '../exit.ts'
import type { Io } from '../io.ts'
import { isTerminal, jsonOf } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'
import { find } from './find.ts'
import type { InboxOptions } from './options.ts'
import type { Source } from './source.ts'

export async function replay (source: Source, options: InboxOptions, io: Io): Promise<number> {
  const ids = new Set<string>()
  // All of them are looked for first: with one that is misspelt, nothing is replayed.
  for (const given of options.ids) ids.add((await find(source, given)).id)
  const count = options.all === undefined ? await source.replay([...ids]) : await allOf(options.all, source, options, io)
  if (count === undefined) return EXIT.failed
  io.stdout.write(options.json ? `${jsonOf({ replayed: count })}\n` : `${toldOf(count, ids.size)}\n`)
  return EXIT.ok
}

function toldOf (count: number, asked: number): string {
  const pending = asked - count
  return `${events(count)} replayed${pending > 0 ? `; ${events(pending)} pending already` : ''}`
}

function events (count: number): string {
  return `${count} event${count === 1 ? '' : 's'}`
}

/** Those that are dead or invalid when it asks. Undefined if that is not to be. */
async function allOf (state: 'dead' | 'invalid', source: Source, { yes }: InboxOptions, io: Io): Promise<number | undefined> {
  if (!yes && !isTerminal(io.stdin)) throw new UsageError(`inbox replay --${state} asks on a terminal: give --yes where there is none`)
  const [last] = await source.list({ state, limit: 1 })
  if (last === undefined) return 0
  if (!yes) {
    const { [state]: count } = await source.stats()
    if (!await isConfirmed(`Replay ${count === 1 ? `1 ${state} event` : `all ${count} ${state} events`}? [y/N] `, io)) return undefined
  }
  return await replayAll(source, state, last.seq)
}

async function isConfirmed (question: string, { stdin, stderr, signal }: Io): Promise<boolean> {
  const prompt = createInterface({ input: stdin, output: stderr })
  const ended = new Promise<string>((resolve) => { prompt.once('close', () => { resolve('') }) })
  try {
    const answer = await Promise.race([prompt.question(question, { signal }), ended])
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    prompt.close()
  }
}
