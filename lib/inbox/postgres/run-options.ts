import type { Row } from './query.ts'

export interface RunOptions {
  /** Not again if its connection was cut. @default false */
  readonly unlessCut?: boolean
  /** Before the statement is given up, in milliseconds. */
  readonly timeout?: number
  /** It was given up, and the server has run it all the same. */
  readonly onLate?: ((rows: Row[]) => void) | undefined
  /** The connection was lost before the answer was there: the server may have run it. Once for each attempt, also after it was given up. */
  readonly onLost?: (() => void) | undefined
}
