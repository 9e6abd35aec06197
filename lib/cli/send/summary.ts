import { withoutPasswords } from '../../errors/url-passwords.ts'
import { onLines, onOneLine } from '../terminal.ts'
import type { SendOptions } from './options.ts'
import type { Group, Tally } from './tally.ts'

/** Characters of what is said beside a count. */
export const LONGEST_DETAIL = 160

/** What a person wants to know in the end: how many were answered what, how fast, and what to do about it. */
export function summaryOf (options: SendOptions, tally: Tally, milliseconds: number): string {
  const groups = [...tally.groups.values()]
  const lines = [
    headline(options, tally.total, milliseconds),
    ...rows(groups, options.count === 1),
    ...latencies(tally),
    ...hints(groups, options)
  ]
  return lines.join('\n') + '\n'
}

function headline ({ count, to, secret }: SendOptions, total: number, milliseconds: number): string {
  const events = total === count ? `${count} event${count === 1 ? '' : 's'}` : `${total} of ${count} events, then interrupted`
  const perSecond = total > 1 ? ` (${short(total * 1_000 / milliseconds)} a second)` : ''
  return `${events}, ${secret === undefined ? 'unsigned' : 'signed'}, to ${placeOf(to)} in ${short(milliseconds / 1_000)} s${perSecond}`
}

/** An address without its user, password and query. Of a password that is not encoded, a part may be in the path. */
export function placeOf ({ origin, pathname }: URL): string {
  return withoutPasswords(origin + pathname)
}

export function short (number: number): string {
  return String(Number(number.toPrecision(3)))
}

export function rows (groups: readonly Group[], one: boolean): string[] {
  const width = Math.max(...groups.map(({ label }) => label.length))
  const digits = Math.max(...groups.map(({ count }) => String(count).length))
  return groups.map(({ label, count, first }) => {
    const start = `  ${label.padEnd(width)}  ${String(count).padStart(digits)}  `
    const detail = one ? onLines(first.detail, start.length) : onOneLine(first.status === 200 ? '' : first.detail, LONGEST_DETAIL)
    return (start + detail).trimEnd()
  })
}

export function latencies (tally: Tally): string[] {
  if (tally.answered === 0) return []
  const at = (percent: number) => `${tally.percentile(percent).toFixed(1)} ms`
  return [tally.answered === 1
    ? `Latency: ${at(100)}`
    : `Latency: p50 ${at(50)}, p90 ${at(90)}, p99 ${at(99)}, max ${at(100)}`]
}

function hints (groups: readonly Group[], options: SendOptions): string[] {
  return groups.map(({ label, first }) => hintOn(first.status ?? label, options)).filter((hint) => hint !== undefined)
}

function hintOn (answer: number | string, { secret }: SendOptions): string | undefined {
  if (answer === 'ECONNREFUSED') return 'Nothing listens there: start your app, or give its address with --to.'
  if (answer === 404) return 'No such route: the default is /webhooks/oneroute; give the address of yours with --to.'
  if (answer !== 401) return undefined
  return secret === undefined
    ? 'The app wants a signature: give its key in the environment variable ONEROUTE_SECRET, or with --secret.'
    : "The key is not the app's: give the one that the app is registered with."
}
