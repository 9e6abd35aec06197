import { inQuotes } from '../../errors/url-passwords.ts'
import { isoTime } from '../../inbox/dates.ts'
import type { EventFilter, EventState } from '../../inbox/inbox.ts'
import { oneOf, UsageError } from '../usage-error.ts'
import { millisecondsIn } from './age.ts'

const STATES = ['pending', 'done', 'dead', 'invalid'] as const satisfies readonly EventState[]

/** A day, or a time of it. */
const ISO_TIME = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?)?$/i
const DAY_ALONE = 10

interface Given {
  readonly state?: string | undefined
  readonly failing: boolean
  readonly name?: string | undefined
  readonly conversation?: string | undefined
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly text?: string | undefined
}

/** Which events are meant. */
export function filterIn ({ state, failing, name, conversation, since, until, text }: Given, now = Date.now()): EventFilter {
  return { state: oneOf('--state', state, STATES), failing, name, conversation, since: time('--since', since, now), until: time('--until', until, now), text }
}

/** As ISO 8601 has it, here if it names no zone; or so long ago. */
function time (option: string, text: string | undefined, now: number): Date | undefined {
  if (text === undefined) return undefined
  const ago = millisecondsIn(text)
  if (ago !== undefined) return new Date(now - ago)
  const date = ISO_TIME.test(text) ? isoTime(text.length === DAY_ALONE ? `${text}T00:00` : text) : undefined // a day alone would be one of UTC
  if (date !== undefined) return date
  throw new UsageError(`${option} must be a time such as 2026-11-26T05:30Z, or how long ago it was, such as 30m, 2h or 3d, got ${inQuotes(text)}`)
}
