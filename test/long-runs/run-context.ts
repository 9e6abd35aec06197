import type { Scope } from '../helpers/scope.ts'
import type { InboxName, Options } from './options.ts'

/** What a run of one inbox is given. */
export interface Run<Name extends InboxName = InboxName> {
  readonly scope: Scope
  readonly inbox: Name
  readonly options: Options
  /** Aborted: to end early, and to say what there is. */
  readonly signal: AbortSignal
  /** Shows how far it is. */
  readonly say: (progress: string) => void
}

/** What it has found. */
export interface Found {
  /** Its name and version. */
  readonly database: string
  /** Promises that were broken. */
  readonly problems: readonly string[]
  /** A row each, with a heading. */
  readonly csv: string
  readonly summary: ReadonlyArray<readonly [string, string]>
}
