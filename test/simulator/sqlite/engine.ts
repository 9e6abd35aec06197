import type { Done, Opened, Opening, Work } from '../../../lib/inbox/sqlite/messages.ts'
import type { Row } from '../kind.ts'

/** What a thread does with its file: the real store, or a model of it. What is committed outlives the thread. */
export interface Engine {
  open (opening: Opening): Pick<Opened, 'nextDue' | 'recovering'>
  /** One transaction. */
  run (work: Work): Done
  close (): void
  /** The thread ends, and closes nothing. */
  crash (): void
  rows (): readonly Row[]
  /** The schedule is over. */
  end? (): void
}
