import { findByList } from '../../inbox/find-by-list.ts'
import { noticesOf, NOTIFY } from '../../inbox/postgres/notifications.ts'
import { checkSchema } from '../../inbox/postgres/schema.ts'
import { Views } from '../../inbox/postgres/views.ts'
import { openDatabase } from './database.ts'
import type { Source } from './source.ts'

/** It does not listen, and need not know what it has said itself. */
const SENDER = ''

export async function openPostgres (connectionString: string, schema: string, signal: AbortSignal): Promise<Source> {
  const { database, close } = await openDatabase(connectionString, schema)
  const onChange = async (removed: ReadonlySet<number>) => { await database.run(NOTIFY, [schema, noticesOf(SENDER, [...removed])]) }
  const views = new Views(database, schema, { signal, onChange })
  try {
    await checkSchema(database, schema)
  } catch (error) {
    await close()
    throw error
  }
  return {
    stats: async () => await views.stats(),
    list: async (options = {}) => await views.list(options),
    find: async (options = {}) => await findByList(async (options) => await views.list(options), options),
    get: async (id) => await views.get(id),
    replay: async (ids, options) => await views.replay(ids, options),
    discard: async (ids) => await views.discard(ids),
    forget: async (conversation) => await views.forget(conversation),
    close
  }
}
