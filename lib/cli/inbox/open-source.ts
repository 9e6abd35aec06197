import type { InboxOptions } from './options.ts'
import { withInboxName } from './source.ts'
import type { Source } from './source.ts'
import { isPostgres } from './where.ts'

/** Opens a file, or what is at an address. It changes nothing, and makes nothing that is not there. */
export async function openSource ({ db, schema }: Pick<InboxOptions, 'db' | 'schema'>, signal: AbortSignal): Promise<Source> {
  if (isPostgres(db)) {
    const { openPostgres } = await import('./postgres-source.ts')
    return await withInboxName(schema, async () => guarded(schema, await openPostgres(db, schema, signal)))
  }
  const { openSqlite } = await import('./sqlite-source.ts')
  return await withInboxName(db, async () => guarded(db, openSqlite(db, signal)))
}

function guarded (name: string, source: Source): Source {
  return {
    stats: async () => await withInboxName(name, async () => await source.stats()),
    list: async (options) => await withInboxName(name, async () => await source.list(options)),
    find: async (options) => await withInboxName(name, async () => await source.find(options)),
    get: async (id) => await withInboxName(name, async () => await source.get(id)),
    replay: async (ids, options) => await withInboxName(name, async () => await source.replay(ids, options)),
    discard: async (ids) => await withInboxName(name, async () => await source.discard(ids)),
    forget: async (conversation) => await withInboxName(name, async () => await source.forget(conversation)),
    close: async () => { await source.close() }
  }
}
