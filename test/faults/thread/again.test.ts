import { join } from 'node:path'
import { test } from 'tap'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { answerOf, createApp, post } from '../../helpers/app.ts'
import { job } from '../helpers/client.ts'
import { folder } from '../helpers/folder.ts'
import { lastThread, threads } from '../helpers/threads.ts'
import { until } from '../helpers/until.ts'

test('a thread that dies again while it starts is started again, and once', async (t) => {
  const { app, lines } = await createApp(t, { inbox: sqliteInbox({ path: join(folder(t), 'inbox.db') }) })
  const heard: unknown[] = []
  app.webhooks.on('event', (event) => { heard.push(event) })
  await app.ready()
  for (let started = 1; started < 4; started++) {
    await lastThread().terminate()
    await until(() => threads.length > started)
  }
  // With two of them, one has the file, and the other one is asked.
  await until(async () => answerOf(await post(app, job('a', 0))).status !== undefined || threads.length > 4)
  t.equal(threads.length, 4)
  t.same(lines.filter(({ err }) => JSON.stringify(err ?? '').includes('FST_ONEROUTE_INBOX_LOCKED')), [])
  if (threads.length === 4) await until(() => heard.length === 1)
})
