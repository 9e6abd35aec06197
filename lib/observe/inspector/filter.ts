import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'
import { BadQuestionError } from '../../errors/errors.ts'
import { isoTime } from '../../inbox/dates.ts'
import type { EventFilter, InboxStats } from '../../inbox/inbox.ts'
import { checkOf } from './check-of.ts'
import { LONGEST_QUERY } from './page-constants.ts'

/** `failing`: pending, and it has failed at least once. */
export const State = Type.Union([Type.Literal('pending'), Type.Literal('failing'), Type.Literal('done'), Type.Literal('dead'), Type.Literal('invalid')], { description: 'pending, failing, done, dead or invalid' })
const Digits = Type.String({ pattern: '^[0-9]{1,15}$' })
const Text = Type.String({ maxLength: LONGEST_QUERY, description: 'no longer than 1,000 characters' })
const TIME = 'a date, or a time with its zone, such as 2026-11-26T05:30Z'
/** A date, or a time with its zone: without one it would be that of the server. */
const Time = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\d(T\\d\\d:\\d\\d(:\\d\\d(\\.\\d{1,9})?)?(Z|[+-]\\d\\d:\\d\\d))?$', description: TIME })

const Query = Type.Object({
  state: Type.Optional(State),
  name: Type.Optional(Text),
  conversation: Type.Optional(Text),
  text: Type.Optional(Text),
  since: Type.Optional(Time),
  until: Type.Optional(Time),
  before: Type.Optional(Digits)
}, { additionalProperties: false })

/** What a page looks for, and where it is. */
export interface Question {
  readonly filter: EventFilter
  readonly before: number | undefined
  /** How many events there are to look at. */
  readonly totalOf: (stats: InboxStats) => number
}

const check = checkOf(Query)

/** Throws if it is none. */
export function questionOf (query: unknown): Question {
  const { state, since, until, before, ...texts } = check(query)
  return {
    filter: {
      ...texts,
      ...stateFilter(state),
      since: timeOf('since', since),
      until: timeOf('until', until)
    },
    before: before === undefined ? undefined : parseInt(before, 10),
    totalOf: (stats) => state === undefined ? stats.pending + stats.done + stats.dead + stats.invalid : stats[state]
  }
}

export function stateFilter (state: Static<typeof State> | undefined): EventFilter {
  return state === 'failing' ? { state: 'pending', failing: true } : { state }
}

function timeOf (name: string, text: Static<typeof Time> | undefined): Date | undefined {
  if (text === undefined) return undefined
  const time = isoTime(text)
  if (time === undefined) throw new BadQuestionError(`${name} must be a time that exists`)
  return time
}
