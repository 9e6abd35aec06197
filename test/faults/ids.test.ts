import { test } from 'tap'
import { job } from './helpers/client.ts'
import { drained, onOneFile } from './helpers/inbox.ts'
import { lastThread } from './helpers/threads.ts'
import { until } from './helpers/until.ts'

const BATCH = 1_000
/** Enough for the ids of the first ones to be moved to the index on disk, and of those after them to be on their way. */
const BATCHES = 70
const FAILS_FROM = 50

test('ids are known over a crash, whichever transactions have failed before', async (t) => {
  const { start } = onOneFile(t)
  const { app, inbox } = await start()
  const bodies = (name: string) => Array.from({ length: BATCH }, (_, i) => JSON.stringify({ event: `${name}, ${i}` }))
  const receive = async (body: string) => (await app.webhooks.receive(body)).status
  for (let i = 0; i < BATCHES; i++) {
    if (i >= FAILS_FROM) {
      // What is asked for wrongly fails in the store, and with it all that is in the same transaction.
      const wrong = Promise.resolve(inbox.list({ limit: 'many' as never })).catch(() => 'refused')
      const refused = await Promise.allSettled(bodies(`refused ${i}`).map(receive))
      await wrong
      if (refused.some(({ status }) => status !== 'rejected')) t.fail('a transaction that was to fail has not')
    }
    const accepted = await Promise.all(bodies(`accepted ${i}`).map(receive))
    if (accepted.some((status) => status !== 'accepted')) t.fail(`${i}: not accepted`)
  }
  for (let i = 0; i < 300; i++) await receive(`{"event":"a transaction of its own","n":${i}}`)
  await lastThread().terminate()
  await until(async () => await app.webhooks.receive(job('a', 0)).then(() => true, () => false))
  for (const i of [0, 30, ...Array.from({ length: 8 }, (_, last) => BATCHES - 1 - last)]) {
    const again = await Promise.all(bodies(`accepted ${i}`).map(receive))
    t.equal(again.filter((status) => status === 'duplicate').length, BATCH, `batch ${i}`)
  }
  t.match(await app.webhooks.inbox.stats(), { pending: BATCH * BATCHES + 301 })
})

test('with `keep: 0` nothing is lost, and what is done is removed', async (t) => {
  const { start } = onOneFile(t, 0)
  const heard: unknown[] = []
  const { app } = await start((event) => { heard.push(event) })
  let accepted = 0
  let n = 0
  const post = async (body: object) => {
    const { status } = await app.webhooks.receive(body)
    if (status === 'accepted') accepted++
  }
  // Over several times of removing, some of them again and again.
  for (let removals = 0; removals < 2;) {
    await Promise.all(Array.from({ length: 50 }, async (_, i) => { await post(job(`${i % 7}`, n++)); await post(job('again', i)) }))
    const { done } = await app.webhooks.inbox.stats()
    if (done < n - removals * 50) removals++
  }
  await drained(app)
  t.equal(heard.length, accepted)
  await until(async () => (await app.webhooks.inbox.stats()).done === 0)
  t.same(await app.webhooks.inbox.list(), [])
  t.match(await app.webhooks.receive(job('again', 0)), { status: 'accepted' }, 'nobody remembers it')
})
