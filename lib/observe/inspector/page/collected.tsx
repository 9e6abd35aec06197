import type { JSX } from 'preact'
import { isReadable } from './conversation'
import { isFailing } from './fits'
import { Until } from './times'
import type { Row } from './types'

type Waiting = Pick<Row, 'state' | 'attempts' | 'conversation' | 'dueAt' | 'isAside' | 'isCollected'>

/** Whether it waits for its collectors, and these have not failed with it. */
export function isQuiet (row: Pick<Row, 'state' | 'attempts' | 'isCollected'>): boolean {
  return row.isCollected && !isFailing(row)
}

/**
 * Says until when the burst of an event is waited for, as far as these rows tell: until the last one of its conversation is due. Each may
 * be followed by another.
 */
export function lastDue (rows: readonly Waiting[]): (row: Waiting) => string | null {
  const last = new Map<string, string>()
  for (const { conversation, dueAt, ...row } of rows) {
    // Times of this form are in the order of their texts.
    if (isReadable(conversation) && dueAt !== null && isQuiet(row) && dueAt > (last.get(conversation) ?? '')) last.set(conversation, dueAt)
  }
  return ({ conversation, dueAt }) => {
    const other = conversation === null ? undefined : last.get(conversation)
    return other === undefined || dueAt === null || other < dueAt ? dueAt : other
  }
}

/** What it waits for: what may follow it, and then its collectors. */
export function Quiet ({ until, now }: { until: string | null, now: number }): JSX.Element {
  if (until === null || Date.parse(until) <= now) return <>waits for its collectors</>
  return <>waits for more of its conversation until <Until at={until} now={now} /></>
}
