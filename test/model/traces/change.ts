import { pick } from '../../../lib/cli/send/chaos/random.ts'
import type { Random } from '../../../lib/cli/send/chaos/random.ts'

/** Lines after which the tables are not what they were. */
const ACTIONS = ['add', 'replayed', 'discarded', 'claim', 'claimSuspect', 'claimInVain', 'settles', 'findLapsed', 'expire', 'become']
/** What was seen of them. */
const SEEN = /^(got|hasEvent|hasLane|isGone)\(/

/** A trace with one line changed or left out, up to the first line that shows it. Nothing if it has none such. */
export function changed (lines: readonly string[], random: Random): string[] | undefined {
  const places = lines.flatMap((line, i) => valueChanged(line) !== undefined || isSeen(lines, i) ? [i] : [])
  const [first, ...others] = places
  if (first === undefined) return undefined
  const place = pick(random, [first, ...others])
  const line = valueChanged(lines[place] ?? '')
  if (line !== undefined) return [...lines.slice(0, place), line]
  const after = lines.slice(place + 1)
  const seen = after.findIndex((other) => !SEEN.test(other))
  return [...lines.slice(0, place), ...after.slice(0, seen)]
}

/** Whether the line after an action shows that it has happened. */
function isSeen (lines: readonly string[], i: number): boolean {
  return ACTIONS.some((action) => lines[i]?.startsWith(`${action}(`)) && SEEN.test(lines[i + 1] ?? '')
}

/** The line with another number of an attempt, another state, or another holder. */
function valueChanged (line: string): string | undefined {
  if (line.startsWith('got(')) return line.replace(/attempt: (\d+)/, (_, attempt) => `attempt: ${Number(attempt) + 1}`)
  if (line.startsWith('hasEvent(')) return line.replace(/(\d+), (\w+)\)$/, (_, attempts, trial) => `${Number(attempts) + 1}, ${String(trial)})`)
  if (line.startsWith('hasLane(') && line.includes('holder')) return line.replace(/holder: (\d+)/, (_, holder) => `holder: ${Number(holder) + 1}`)
  return undefined
}
