import type { Delivered } from '../../faults/helpers/messages.ts'

export interface Kill {
  readonly pid: number | undefined
  /** By `monotonic`. */
  readonly at: number
  /** Events that had been answered 200 by then. */
  readonly accepted: number
}

/** One kill, and what came of it until the next. Times in milliseconds since the kill. */
export interface KillRow {
  readonly kill: number
  /** Since the run began. */
  readonly seconds: number
  /** Events that were answered 200 since the kill before. */
  readonly accepted: number
  /** Events whose delivery was under way in the process. */
  readonly underWay: number
  /** Those of them that were delivered again, and those that were done, but not yet recorded as that. */
  again: number
  /** Until any listener was called. */
  first: number | undefined
  /** Until the first event was delivered again. */
  firstAgain: number | undefined
}

/** What is known of an event: its last line, and the kill that came upon it. */
interface Event {
  line: Delivered
  kill?: KillRow | undefined
}

/** `lines` in the order in which they were written, and `kills` in theirs. */
export function rowsOf (lines: readonly Delivered[], kills: readonly Kill[], startedAt: number): KillRow[] {
  const events = new Map<string, Event>()
  const running = new Map<string, Event>()
  const times = new Map<KillRow, number>()
  const rows: KillRow[] = []

  function addRow ({ pid, at, accepted }: Kill, before: Kill | undefined): void {
    const victims = [...running].filter(([, { line }]) => line.pid === pid)
    const row: KillRow = {
      kill: rows.length + 1, seconds: (at - startedAt) / 1_000, accepted: accepted - (before?.accepted ?? 0), underWay: victims.length, again: 0, first: undefined, firstAgain: undefined
    }
    for (const [key, event] of victims) {
      event.kill = row
      running.delete(key)
    }
    times.set(row, at)
    rows.push(row)
  }

  function since (row: KillRow, at: number): number {
    return at - (times.get(row) ?? at)
  }

  function hear (line: Delivered): void {
    const key = `${line.conversation} ${line.n}`
    const event = events.get(key) ?? { line }
    const latest = rows.at(-1)
    if (line.what === 'start') {
      if (latest !== undefined) latest.first ??= since(latest, line.at)
      const cause = event.kill ?? (event.line.what === 'done' ? latest : undefined)
      if (cause !== undefined) {
        cause.again++
        cause.firstAgain ??= since(cause, line.at)
      }
      running.set(key, event)
    } else {
      running.delete(key)
    }
    event.line = line
    event.kill = undefined
    events.set(key, event)
  }

  let next = 0
  for (const line of lines) {
    for (let kill = kills[next]; kill !== undefined && kill.at <= line.at; kill = kills[++next]) addRow(kill, kills[next - 1])
    hear(line)
  }
  for (let kill = kills[next]; kill !== undefined; kill = kills[++next]) addRow(kill, kills[next - 1])
  return rows
}
