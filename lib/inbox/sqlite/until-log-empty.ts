import { setTimeout as wait } from 'node:timers/promises'
import type { Awaitable } from '../inbox.ts'

/** Between two tries to empty the log, in milliseconds. */
const TRY_EVERY = 100
/** Before whoever reads the file is given up, in milliseconds. Not counted from before the first try, which may have to write the file anew. */
const PATIENCE = 30_000

/** Tries until the log is empty, which it cannot be while somebody reads what is in it: a backup, say. */
export async function untilEmpty (isEmpty: () => Awaitable<boolean>, { patience = PATIENCE, signal }: { patience?: number, signal?: AbortSignal } = {}): Promise<void> {
  let end: number | undefined
  while (!await isEmpty()) {
    end ??= Date.now() + patience
    if (Date.now() > end) {
      throw new Error('the events are removed, but somebody reads the file, so that its log still has them: forget the conversation again after that')
    }
    await wait(TRY_EVERY, undefined, { signal })
  }
}
