import { bool, check, duration, func } from '../../options/check.ts'
import type { Filled, Rule } from '../../options/check.ts'
import type { Awaitable } from '../inbox.ts'

export interface ConformanceOptions {
  /** Whether the inbox says `durable: true`: then it has to keep events through retries and restarts, too. @default true */
  durable?: boolean | undefined
  /** Whether several inboxes may be open on one store, as those of several processes. @default false */
  shared?: boolean | undefined
  /** Whether the inbox says `collects: true`: then it has to keep what waits for collectors. @default false */
  collects?: boolean | undefined
  /**
   * Leaves of a store what a process leaves that is killed, and returns the name of the store to go on with: of a file, a copy. Without
   * it, nothing is tested that a process does after the one before was killed. @default none
   */
  kill?: ((store: string) => Awaitable<string>) | undefined
  /** How long a case may take, in milliseconds. @default 60000 */
  timeout?: number | undefined
}

const RULES: Record<keyof ConformanceOptions, Rule> = { durable: bool, shared: bool, collects: bool, kill: func, timeout: duration(1) }

export function resolveConformanceOptions (options: ConformanceOptions = {}): Filled<Omit<ConformanceOptions, 'kill'>> & Pick<ConformanceOptions, 'kill'> {
  check("conformance's options", options, RULES)
  return { durable: options.durable ?? true, shared: options.shared ?? false, collects: options.collects ?? false, kill: options.kill, timeout: options.timeout ?? 60_000 }
}
