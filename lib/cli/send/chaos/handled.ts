import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { performance } from 'node:perf_hooks'
import { StringDecoder } from 'node:string_decoder'
import { setTimeout } from 'node:timers/promises'
import { codeOf, errorOf } from '../../../errors/error-of.ts'
import { inQuotes } from '../../../errors/url-passwords.ts'
import { isObject } from '../../../options/check.ts'
import type { Io } from '../../io.ts'
import { UsageError } from '../../usage-error.ts'

/** What the receiver writes of what it handles. */
export interface Handled {
  /** Of the events, in the order in which they were handled. */
  readonly ids: readonly string[]
  /** Lines that were no JSON with an id. */
  readonly unreadable: number
  /** Settles when it is complete and nothing more comes, or nothing has come for so many milliseconds. */
  settle: (milliseconds: number, isComplete: () => boolean) => Promise<void>
  stop: () => void
}

/** Milliseconds between two looks. */
const INTERVAL = 20
/** When all is there, a second time that something is handled may still come: for this part of the time. */
const QUIET = 0.1

/** Begins to read: what is in the file by now is of earlier runs. */
export async function openHandled (path: string, { stdin, signal }: Io): Promise<Handled> {
  const lines = new Lines()
  const source = path === '-' ? fromStream(stdin, lines) : await fromFile(path, lines)
  return {
    ids: lines.ids,
    get unreadable () { return lines.unreadable },
    async settle (milliseconds, isComplete) {
      let since = 0
      let known = -1
      let patience = milliseconds
      while (!signal.aborted) {
        await source.look()
        if (lines.bytes !== known) {
          known = lines.bytes
          since = performance.now()
          patience = isComplete() ? milliseconds * QUIET : milliseconds
        }
        if (performance.now() - since >= patience) return
        await setTimeout(INTERVAL, undefined, { signal }).catch(() => undefined)
      }
    },
    stop: source.stop
  }
}

interface Reading {
  look: () => Promise<void>
  stop: () => void
}

function fromStream (stdin: Io['stdin'], lines: Lines): Reading {
  stdin.on('data', (chunk: Buffer) => { lines.add(chunk) })
  // A pipe that stays open would keep the process.
  return { look: async () => undefined, stop: () => { stdin.destroy() } }
}

async function fromFile (path: string, lines: Lines): Promise<Reading> {
  let position = await sizeOf(path)
  return {
    async look () {
      const size = await sizeOf(path)
      if (size < position) position = 0 // it has begun anew
      if (size === position) return
      const added: AsyncIterable<Buffer> = createReadStream(path, { start: position }) // it has no encoding
      for await (const bytes of added) {
        position += bytes.length
        lines.add(bytes)
      }
    },
    stop: () => undefined
  }
}

/** A file that is not there yet may come with the first event. */
async function sizeOf (path: string): Promise<number> {
  try {
    const stats = await stat(path)
    if (stats.isDirectory()) throw new Error('it is a folder')
    return stats.size
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0
    const { message } = errorOf(error)
    throw new UsageError(`--handled must be a file that can be read, got ${inQuotes(path)} (${message.replace(/, .*/s, '')})`)
  }
}

/** Takes bytes, and finds the ids in their lines. */
class Lines {
  readonly ids: string[] = []
  unreadable = 0
  bytes = 0
  #rest = ''
  readonly #decoder = new StringDecoder('utf8')

  add (bytes: Buffer): void {
    this.bytes += bytes.length
    const lines = (this.#rest + this.#decoder.write(bytes)).split('\n')
    this.#rest = String(lines.pop())
    for (const line of lines) this.#read(line)
  }

  #read (line: string): void {
    const id = idIn(line)
    if (id !== undefined) this.ids.push(id)
    else if (line.trim() !== '') this.unreadable++
  }
}

function idIn (line: string): string | undefined {
  try {
    const record: unknown = JSON.parse(line)
    return isObject(record) && typeof record.id === 'string' ? record.id : undefined
  } catch {
    return undefined
  }
}
