import type { UnknownEvent } from './schemas.ts'

/** A body, and the event that it is. */
export interface Arrival {
  readonly bytes: Uint8Array
  readonly event: UnknownEvent
  /** Once it is known. */
  id?: string
}
