import type { EventState, StoredEvent } from '../../inbox/inbox.ts'
import { storedConversation } from '../../inbox/stored-conversation.ts'
import { describe } from '../describe.ts'
import { onOneLine } from '../terminal.ts'
import type { Paint } from '../terminal.ts'

/** Characters of an id that are shown: enough to find it again. */
const SHORT_ID = 10
/** Of names and conversations. */
const LONGEST = 36
/** Of the longest state. */
const STATE = 7

/** An event, and the text for its time. */
export interface Columns {
  readonly when: string
  readonly event: StoredEvent
}

const COLOURS = { pending: 'yellow', done: 'green', dead: 'red', invalid: 'magenta' } as const satisfies Record<EventState, string>

export function colourOf (state: EventState): 'yellow' | 'green' | 'red' | 'magenta' {
  return COLOURS[state]
}

const HEADINGS = ['age', 'name', 'id', 'conversation', 'medium', 'deliveries']

/** Lines for people, below a heading. What an event waits for, and its error, have a line of their own below it: the columns leave too little room for them. */
export function tableOf (rows: readonly Columns[], paint: Paint, width: number): string[] {
  const widths = widthsOf([HEADINGS, ...rows.map(cellsOf)], [])
  const heading = ['state'.padEnd(STATE), ...HEADINGS.map((heading, i) => heading.padEnd(Number(widths[i]))), 'content'].join('  ')
  const lines = linesOf(rows, paint, { width, least: widths })
  return [paint('dim', heading), ...rows.flatMap(({ event }, i) => [String(lines[i]), ...linesBelow(event, paint, width)])]
}

function linesBelow (event: StoredEvent, paint: Paint, width: number): string[] {
  const indent = ' '.repeat(STATE + 2)
  const until = quietUntil(event)
  const texts = [until === undefined ? null : `waits for its collectors, until ${clock(until)} at least`, event.error]
  return texts.filter((text) => text !== null).map((text) => indent + paint(colourOf(event.state), onOneLine(text, width - indent.length)))
}

/** Until when an event at least waits for what may follow it; undefined if it does not. A burst that has failed waits for its retry. */
export function quietUntil ({ isCollected = false, attempts, dueAt }: StoredEvent): Date | undefined {
  return isCollected && attempts === 0 && dueAt !== null ? dueAt : undefined
}

/** The time of day, where the command is called. */
export function clock (time: Date): string {
  return time.toTimeString().slice(0, 8)
}

/** Lines for people, in columns as wide as what they hold; `least` is how wide they are at least. */
export function linesOf (rows: readonly Columns[], paint: Paint, { width, least }: { width: number, least: readonly number[] }): string[] {
  const cells = rows.map(cellsOf)
  const widths = widthsOf(cells, least)
  const used = widths.reduce((sum, width) => sum + width + 2, 0)
  return rows.map(({ event }, i) => {
    const padded = cells[i]?.map((cell, i) => cell.padEnd(Number(widths[i]))).join('  ')
    return `${paint(colourOf(event.state), event.state.padEnd(STATE))}  ${String(padded)}  ${onOneLine(lineOf(event), Math.max(10, width - used - STATE - 2))}`.trimEnd()
  })
}

function widthsOf (cells: readonly string[][], least: readonly number[]): number[] {
  const widths = [...least]
  for (const row of cells) row.forEach((cell, i) => { widths[i] = Math.max(cell.length, widths[i] ?? 0) })
  return widths
}

/** Who wrote it, and what. */
function lineOf ({ event }: StoredEvent): string {
  const { who, content } = describe(event)
  return who === '' ? content : `${who}: ${content}`
}

function cellsOf ({ when, event }: Columns): string[] {
  return [
    when,
    onOneLine(event.name, LONGEST),
    event.id.slice(0, SHORT_ID),
    onOneLine(storedConversation(event) ?? '', LONGEST),
    onOneLine(describe(event.event).medium, LONGEST),
    String(event.attempts)
  ]
}
