import { check, duration, integer } from '../../options/check.ts'
import type { Filled, Rule } from '../../options/check.ts'

export interface MemoryInboxOptions {
  /** How long the id of a handled event is remembered, to drop a repeat, in milliseconds. @default 600000 */
  keep?: number | undefined
  /** How many finished events are kept to be looked at and replayed. @default 0 */
  history?: number | undefined
}

const RULES: Record<keyof MemoryInboxOptions, Rule> = { keep: duration(), history: integer(0, 100_000) }

export function resolveMemoryOptions (options: MemoryInboxOptions = {}): Filled<MemoryInboxOptions> {
  check("memoryInbox's options", options, RULES)
  return { keep: options.keep ?? 600_000, history: options.history ?? 0 }
}
