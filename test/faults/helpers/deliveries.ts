import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs'
import type { Collected, Delivered, Requested } from './messages.ts'

type Line = Collected | Delivered | Requested

/** Reads a file that only grows, a part at a time. A line that a kill has cut off was not noted. */
class LinesReader {
  readonly #file: string
  #bytes = 0

  constructor (file: string) {
    this.#file = file
  }

  /** What has been noted since it was last asked. */
  read (): Line[] {
    if (!existsSync(this.#file)) return []
    const added = readFrom(this.#file, this.#bytes)
    const whole = added.subarray(0, added.lastIndexOf('\n') + 1)
    this.#bytes += whole.length
    return whole.toString().split('\n').slice(0, -1).map((line) => JSON.parse(line) as Line) // as the host has written it
  }
}

/** The deliveries of a file that is too large to be kept in memory. */
export class DeliveriesReader {
  readonly #lines: LinesReader

  constructor (file: string) {
    this.#lines = new LinesReader(file)
  }

  read (): Delivered[] {
    return this.#lines.read().filter(isDelivered)
  }
}

/** What was read of each file: tests ask for it again and again. */
const known = new Map<string, { reader: LinesReader, lines: Line[] }>()

function linesOf (file: string): readonly Line[] {
  const { reader, lines } = known.get(file) ?? { reader: new LinesReader(file), lines: [] }
  known.set(file, { reader, lines })
  for (const line of reader.read()) lines.push(line)
  return lines
}

function readFrom (file: string, position: number): Buffer {
  const fd = openSync(file, 'r')
  try {
    const added = Buffer.alloc(fstatSync(fd).size - position)
    return added.subarray(0, readSync(fd, added, { position }))
  } finally {
    closeSync(fd)
  }
}

function isDelivered (line: Line): line is Delivered {
  return line.what !== 'request' && !isCollected(line)
}

function isCollected (line: Line): line is Collected {
  return 'ns' in line
}

export function deliveriesIn (file: string): Delivered[] {
  return linesOf(file).filter(isDelivered)
}

/** What was noted of deliveries and of bursts, in order. */
export function notedIn (file: string): ReadonlyArray<Delivered | Collected> {
  return linesOf(file).filter((line) => isDelivered(line) || isCollected(line))
}

/** The names of the requests that have reached the app. */
export function requestsIn (file: string): string[] {
  return linesOf(file).filter((line) => line.what === 'request').map(({ name }) => name)
}

/** The events of each conversation, in the order of their first deliveries. */
export function firstDeliveries (deliveries: readonly Delivered[]): Map<string, number[]> {
  const firsts = new Map<string, Set<number>>()
  for (const { what, conversation, n } of deliveries) {
    if (what === 'start') firsts.set(conversation, (firsts.get(conversation) ?? new Set()).add(n))
  }
  return new Map([...firsts].map(([conversation, ns]) => [conversation, [...ns]]))
}

/** Events that were begun before an earlier one of their conversation was through: done, or out of attempts. */
export function overtaking (deliveries: readonly Delivered[]): string[] {
  const conversations = new Map<string, { through: Set<number>, begun: Set<number>, upTo: number }>()
  const found: string[] = []
  for (const { what, conversation, n } of deliveries) {
    const seen = conversations.get(conversation) ?? { through: new Set(), begun: new Set(), upTo: 0 }
    conversations.set(conversation, seen)
    if (what === 'done' || what === 'dead') seen.through.add(n)
    while (seen.through.has(seen.upTo)) seen.upTo++
    if (what === 'start' && !seen.begun.has(n) && seen.upTo < n) found.push(`${conversation}: ${n} before ${seen.upTo} was through`)
    if (what === 'start') seen.begun.add(n)
  }
  return found
}

/** What was posted and never delivered. */
export function lostOf (posted: ReadonlyMap<string, number>, firsts: ReadonlyMap<string, readonly number[]>): string[] {
  return [...posted].flatMap(([conversation, count]) => {
    const delivered = new Set(firsts.get(conversation))
    return Array.from({ length: count }, (_, n) => n).filter((n) => !delivered.has(n)).map((n) => `${conversation}: ${n} is lost`)
  })
}

/** Events that were first delivered after a later one of their conversation. */
export function unordered (firsts: ReadonlyMap<string, readonly number[]>): string[] {
  return [...firsts].flatMap(([conversation, ns]) => ns.flatMap((n, i) => {
    const before = ns[i - 1]
    return before === undefined || before < n ? [] : [`${conversation}: ${n} after ${before}`]
  }))
}

/** A process that was killed. Its number may be another process's later. */
export interface Killed {
  readonly pid: number | undefined
  /** When the signal was sent: on a busy machine, it may call listeners after that. */
  readonly at: number
  /** When it was seen that it had ended. */
  readonly endedAt: number
}

/** Deliveries that were begun while another one of their conversation ran, in a process that had not been killed by then. `killed`: in order. */
export function overlapping (deliveries: readonly Delivered[], killed: readonly Killed[] = []): string[] {
  const times = Map.groupBy(killed, ({ pid }) => pid)
  const running = new Map<string, Delivered>()
  const found: string[] = []
  for (const line of deliveries) {
    const { what, conversation, n, pid, at } = line
    const other = running.get(conversation)
    if (what === 'start') {
      if (other !== undefined && (times.get(other.pid)?.find(({ endedAt }) => endedAt >= other.at)?.at ?? Infinity) > at) found.push(`${conversation}: ${n} while ${other.n} ran`)
      running.set(conversation, line)
    } else if (other?.pid === pid) {
      running.delete(conversation)
    }
  }
  return found
}
