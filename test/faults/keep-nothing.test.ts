import { test } from 'tap'
import { job } from './helpers/client.ts'
import { drained, onOneFile } from './helpers/inbox.ts'
import { until } from './helpers/until.ts'

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
