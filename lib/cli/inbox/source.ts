import { InboxUnusableError, isCoded } from '../../errors.ts'
import { reasonOf } from '../../inbox/postgres/error-kind.ts'
import { withoutPasswords } from '../../options/url-passwords.ts'
import type { InboxView } from '../../inbox/view.ts'
import type { InboxOptions } from './options.ts'
import { isPostgres } from './where.ts'

/** An inbox that an app may be using. */
export interface Source extends InboxView {
  /** Ids that begin with these characters, so many at most. */
  idsLike (prefix: string, most: number): Promise<string[]>
  close (): Promise<void>
}

/** Opens a file, or what is at an address. It changes nothing, and makes nothing that is not there. */
export async function openSource ({ db, schema }: Pick<InboxOptions, 'db' | 'schema'>, signal: AbortSignal): Promise<Source> {
  if (isPostgres(db)) {
    const { openPostgres } = await import('./postgres-source.ts')
    return await told(schema, async () => guarded(schema, await openPostgres(db, schema, signal)))
  }
  const { openSqlite } = await import('./sqlite-source.ts')
  return await told(db, async () => guarded(db, openSqlite(db, signal)))
}

function guarded (name: string, source: Source): Source {
  return {
    stats: async () => await told(name, async () => await source.stats()),
    list: async (options) => await told(name, async () => await source.list(options)),
    get: async (id) => await told(name, async () => await source.get(id)),
    replay: async (ids, options) => await told(name, async () => await source.replay(ids, options)),
    discard: async (ids) => await told(name, async () => await source.discard(ids)),
    forget: async (conversation) => await told(name, async () => await source.forget(conversation)),
    idsLike: async (prefix, most) => await told(name, async () => await source.idsLike(prefix, most)),
    close: async () => { await source.close() }
  }
}

/** Says of what goes wrong which inbox it is about. */
export async function told<T> (name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (isCoded(cause) || (cause instanceof Error && cause.name === 'AbortError')) throw cause
    const error = new InboxUnusableError(withoutPasswords(name), reasonOf(cause))
    error.cause = cause
    throw error
  }
}
