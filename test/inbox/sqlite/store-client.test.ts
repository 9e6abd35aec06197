import Fastify from 'fastify'
import { test } from 'tap'
import { StoreClient } from '../../../lib/inbox/sqlite/store-client.ts'
import { temporaryFile } from '../../helpers/sqlite.ts'

test('a store that is closed tidies no more', async (t) => {
  const opening = { path: temporaryFile(t), keep: 1_000, keepFailed: 1_000 }
  const client = new StoreClient({ opening, wait: 0, host: { log: Fastify().log, maxBacklog: 10 }, onChangeRequest: () => {}, onDown: () => {}, held: () => [], onUp: () => {} })
  await client.open()
  await client.close()
  await t.rejects(client.tidy(true), { code: 'FST_ONEROUTE_CLOSING' })
})
