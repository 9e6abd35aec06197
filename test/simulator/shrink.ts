import type { InboxKind } from './kind.ts'
import { runSchedule } from './schedule.ts'
import { Tape } from './tape.ts'
import type { Violation } from './world.ts'

/** Schedules that are tried for it. */
const MOST_TRIES = 3_000

interface Shrunk {
  readonly violation: Violation
  readonly tape: readonly number[]
  readonly lines: readonly string[]
}

/** Without the names and numbers of what it was: a shorter schedule that violates something else is another finding, and would hide this one. */
const kindOf = ({ invariant, text }: Violation) => `${invariant}: ${text.replaceAll(/\b(?:[a-c]x?\d*|\d+|first|second|onInvalid|collect:answer|collect:sum)\b/g, '…')}`

/**
 * Looks for a shorter schedule that violates the same. fast-check makes an array shorter from one end only, and what was chosen in
 * the middle of a schedule is seldom needed: here any part may go.
 */
export async function shrink (kind: InboxKind, numbers: readonly number[], violation: Violation): Promise<Shrunk> {
  let shortest = numbers
  let tries = 0
  const violates = async (tried: readonly number[]): Promise<boolean> => {
    if (++tries > MOST_TRIES) return false
    const { violations, tape } = await runSchedule(kind, Tape.of(tried))
    const isSame = violations.some((other) => kindOf(other) === kindOf(violation))
    if (isSame) shortest = tape.taken.length <= tried.length ? tape.taken : tried
    return isSame
  }
  for (let length = Infinity; shortest.length < length;) {
    length = shortest.length
    for (let size = length >> 1; size > 0; size >>= 1) {
      for (let from = 0; from < shortest.length;) if (!await violates(shortest.toSpliced(from, size))) from += size
    }
    for (let i = 0; i < shortest.length; i++) {
      for (const smaller of [0, Number(shortest[i]) >> 1]) if (smaller < Number(shortest[i]) && await violates(shortest.with(i, smaller))) break
    }
  }
  const { violations, lines = [] } = await runSchedule(kind, Tape.of(shortest), { trace: true })
  return { violation: violations.find((other) => kindOf(other) === kindOf(violation)) ?? violation, tape: shortest, lines }
}
