import type { EventState, StoredEvent } from '../../inbox/inbox.ts'
import { describe } from '../describe.ts'
import { jsonOf, onOneLine } from '../terminal.ts'
import type { Paint } from '../terminal.ts'

/** Characters of an id that are shown: enough to find it again. */
const SHORT_ID = 10
/** Of names and conversations. */
const LONGEST = 36

/** An event as its columns: all of fixed width but for the last. */
export interface Columns {
  readonly when: string
  readonly event: StoredEvent
}

const COLOURS = { pending: 'yellow', done: 'green', dead: 'red', invalid: 'magenta' } as const satisfies Record<EventState, string>

export function colourOf (state: EventState): 'yellow' | 'green' | 'red' | 'magenta' {
  return COLOURS[state]
}

/** Lines for people, in columns as wide as what they hold; `least` is how wide they are at least. */
export function linesOf (rows: readonly Columns[], paint: Paint, { width, least = [] }: { width: number, least?: readonly number[] }): string[] {
  const cells = rows.map(cellsOf)
  const widths = (cells[0] ?? []).map((_, i) => Math.max(least[i] ?? 0, ...cells.map((row) => row[i]?.length ?? 0)))
  return cells.map((row, i) => {
    const event = rows[i]?.event
    const padded = row.map((cell, i) => i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))
    const used = padded.slice(0, -1).reduce((sum, cell) => sum + cell.length + 2, 0)
    const content = onOneLine(padded.at(-1) ?? '', Math.max(10, width - used))
    const [when = '', state = '', ...others] = padded.slice(0, -1)
    return [paint('dim', when), event === undefined ? state : paint(colourOf(event.state), state), ...others, content].join('  ').trimEnd()
  })
}

function cellsOf ({ when, event }: Columns): string[] {
  const { medium, who, content } = describe(event.event)
  return [
    when,
    event.state,
    onOneLine(event.name, LONGEST),
    event.id.slice(0, SHORT_ID),
    onOneLine(conversationOf(event) ?? '', LONGEST),
    onOneLine(medium, LONGEST),
    String(event.attempts),
    who === '' ? content : `${who}: ${content}`
  ]
}

/** Events without a conversation are on a lane of their own. */
function conversationOf ({ id, lane }: StoredEvent): string | null {
  return lane === id ? null : lane
}

/** The same for programs, on one line. */
export function recordOf (event: StoredEvent): string {
  const { seq, id, state, name, receivedAt, attempts, dueAt, finishedAt, error, deliveries } = event
  return jsonOf({
    seq, id, state, name, conversation: conversationOf(event), receivedAt, attempts, dueAt, finishedAt, error, deliveries, event: event.event
  })
}
