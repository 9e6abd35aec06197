import { inQuotes } from '../../errors/url-passwords.ts'
import type { InboxStats } from '../../inbox/inbox.ts'
import { integer } from '../../options/check.ts'
import { UsageError } from '../usage-error.ts'
import { ageOf, millisecondsIn } from './age.ts'

/** What `stats` is asked to watch over; what is undefined is not watched. */
export interface Limits {
  readonly dead: number | undefined
  readonly failing: number | undefined
  /** As it was given, and in milliseconds. */
  readonly silence: { readonly text: string, readonly milliseconds: number } | undefined
}

interface Given {
  'max-dead'?: string | undefined
  'max-failing'?: string | undefined
  'max-silence'?: string | undefined
}

export function limitsIn (given: Given): Limits {
  return {
    dead: count('--max-dead', given['max-dead']),
    failing: count('--max-failing', given['max-failing']),
    silence: time('--max-silence', given['max-silence'])
  }
}

export function hasLimits (limits: Limits): boolean {
  return Object.values(limits).some((limit) => limit !== undefined)
}

/** A line for each limit that is passed. */
export function passed (limits: Limits, { dead, failing, lastReceivedAt }: InboxStats, now = Date.now()): string[] {
  const lines: string[] = []
  if (limits.dead !== undefined && dead > limits.dead) lines.push(`${eventsAre(dead)} dead: more than ${limits.dead}`)
  if (limits.failing !== undefined && failing > limits.failing) lines.push(`${eventsAre(failing)} failing: more than ${limits.failing}`)
  if (limits.silence !== undefined) {
    const { text, milliseconds } = limits.silence
    // Nothing at all is silence, too: the wrong inbox is looked at, or a webhook URL was never set.
    if (lastReceivedAt === null) lines.push('no event was ever accepted')
    else if (now - lastReceivedAt.getTime() > milliseconds) lines.push(`no event was accepted for ${ageOf(lastReceivedAt, now)}: more than ${text}`)
  }
  return lines
}

function eventsAre (count: number): string {
  return count === 1 ? '1 event is' : `${count} events are`
}

function count (option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const { fits, must } = integer(0)
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (!fits(value)) throw new UsageError(`${option} must ${must}, got ${inQuotes(text)}`)
  return value
}

function time (option: string, text: string | undefined): Limits['silence'] {
  if (text === undefined) return undefined
  const milliseconds = millisecondsIn(text)
  if (milliseconds === undefined) throw new UsageError(`${option} must be a number with its unit, s, m, h or d, such as 30m, got ${inQuotes(text)}`)
  return { text, milliseconds }
}
