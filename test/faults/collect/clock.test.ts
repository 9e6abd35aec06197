import { DatabaseSync } from 'node:sqlite'
import { test } from 'tap'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { temporaryFile } from '../../helpers/sqlite.ts'
import { job } from '../helpers/client.ts'
import { collectingClocks, numbersOf, QUIET } from '../helpers/collecting-clocks.ts'
import { drained, onOneFile } from '../helpers/inbox.ts'
import { until } from '../helpers/until.ts'

const HOUR = 3_600_000

collectingClocks('sqlite', (t) => sqliteInbox({ path: temporaryFile(t) }))

test('what waits for collectors is handed over when the clock was set back between two starts', async (t) => {
  const { path, start } = onOneFile(t)
  const before = await start()
  before.app.webhooks.collect('event', QUIET, function answer () { t.fail('too early') })
  const { id } = await before.app.webhooks.receive(job('a', 0))
  await until(async () => (await before.app.webhooks.inbox.get(id))?.isCollected === true)
  await before.app.close()
  const db = new DatabaseSync(path)
  db.exec(`UPDATE events SET received = received + ${HOUR}, due = due + ${HOUR}; UPDATE lanes SET due = due + ${HOUR}; UPDATE totals SET received = received + ${HOUR}`)
  db.close()
  const { app } = await start()
  const heard: number[] = []
  app.webhooks.collect('event', QUIET, function answer (events) { heard.push(...numbersOf(events)) })
  await drained(app)
  t.same(heard, [0])
})
