import { InboxUnusableError, isCoded } from '../../errors/errors.ts'
import { withoutPasswords } from '../../errors/url-passwords.ts'
import { reasonOf } from '../../inbox/postgres/error-kind.ts'
import type { InboxView } from '../../inbox/view.ts'

/** An inbox that an app may be using. */
export interface Source extends InboxView {
  close (): Promise<void>
}

/** Says of what goes wrong which inbox it is about. */
export async function withInboxName<T> (name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (isCoded(cause) || (cause instanceof Error && cause.name === 'AbortError')) throw cause
    const error = new InboxUnusableError(withoutPasswords(name), reasonOf(cause))
    error.cause = cause
    throw error
  }
}
