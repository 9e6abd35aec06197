import { DatabaseSync } from 'node:sqlite'
import { test } from 'tap'
import { job } from './helpers/client.ts'
import { conversationOf, drained, onOneFile } from './helpers/inbox.ts'

const HOUR = 3_600_000

/** What the store has written at some time is an hour ahead of the clock, as if that had been set back. */
function setClockBack (path: string): void {
  const db = new DatabaseSync(path)
  db.exec(`UPDATE events SET received = received + ${HOUR}, due = due + ${HOUR}, finished = finished + ${HOUR};
    UPDATE lanes SET due = due + ${HOUR}`)
  db.close()
}

test('events wait for no clock: one that was set back between two starts delays none that was not tried yet', async (t) => {
  const { path, start } = onOneFile(t)
  const before = await start()
  for (const n of [0, 1, 2]) await before.app.webhooks.receive(job('a', n))
  await before.app.close()
  setClockBack(path)
  const heard: number[] = []
  const { app } = await start((event) => { if (conversationOf(event) === 'a') heard.push((event as ReturnType<typeof job>).n) }) // nothing else is posted
  await app.webhooks.receive(job('a', 3))
  // No time is measured: others come and go, and that takes a while.
  for (let n = 0; n < 1_000 && heard.length < 4; n++) await app.webhooks.receive(job('b', n))
  t.same(heard, [0, 1, 2, 3])
})

test('with a clock that was set back, done events still drop their repeats', async (t) => {
  const { path, start } = onOneFile(t)
  const before = await start(() => {})
  await before.app.webhooks.receive(job('a', 0))
  await drained(before.app)
  await before.app.close()
  setClockBack(path)
  const { app } = await start(() => { t.fail('delivered again') })
  t.match(await app.webhooks.receive(job('a', 0)), { status: 'duplicate' })
  t.match(await app.webhooks.inbox.stats(), { pending: 0, done: 1 })
})
