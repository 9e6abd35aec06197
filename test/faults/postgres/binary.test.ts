import pg from 'pg'
import tap, { test } from 'tap'
import { isCoded } from '../../../index.ts'
import { postgresInbox } from '../../../lib/inbox/postgres/inbox.ts'
import { createApp } from '../../helpers/app.ts'
import { openPool, postgresUrl, schemas } from '../../helpers/postgres.ts'
import { job } from '../helpers/client.ts'
import { until } from '../helpers/until.ts'

const url = await postgresUrl(tap)
const newSchema = schemas(tap, url)

test('a pool whose results are binary is refused at the start, or everything works with it', async (t) => {
  const { binary } = pg.defaults
  t.teardown(() => { pg.defaults.binary = binary })
  pg.defaults.binary = true
  const pool = openPool(t, url)
  const schema = newSchema()
  const started = await createApp(t, { inbox: postgresInbox({ pool, schema }) }).catch((error: unknown) => error)
  if (started instanceof Error) {
    t.match(started, { code: 'FST_ONEROUTE_INBOX_UNUSABLE', message: /binary/ })
    t.ok(isCoded(started))
    return
  }
  const { app, lines } = started as Awaited<ReturnType<typeof createApp>> // or it would have failed
  app.webhooks.on('event', () => {})
  await app.ready()
  for (const n of [0, 1, 2]) await app.webhooks.receive(job('a', n))
  const hasFailed = () => lines.some(({ level }) => level === 50)
  await until(async () => hasFailed() || (await app.webhooks.inbox.stats()).done === 3)
  t.same(lines.filter(({ level }) => level === 50).map(({ msg }) => msg), [])
})
