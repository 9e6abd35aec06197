import { setImmediate, setTimeout } from 'node:timers/promises'
import { test } from 'tap'
import { job } from '../helpers/client.ts'
import { conversations, drained, hear, startApp } from '../helpers/thread-app.ts'
import { lastThread, threads } from '../helpers/threads.ts'
import { until } from '../helpers/until.ts'

test('when the thread dies under load, each request is answered, and what was answered 200 is delivered once and in order', async (t) => {
  const { app, lines, heard, connect } = await startApp(t, { retry: { minDelay: 1, maxDelay: 5 } })
  const client = await connect()
  hear(app, heard, async ({ n }, attempt) => {
    for (let i = 0; i < n % 7; i++) await setImmediate()
    if (n % 10 === 5 && attempt === 1) throw new Error('not yet')
  })
  const statuses = new Set<number | undefined>()
  const refusals: unknown[] = []
  const load = { on: true }
  let accepted = 0
  /** Posts each event until it is accepted: the order in which they are is known. */
  const senders = Array.from({ length: 16 }, async (_, i) => {
    let n = 0
    for (; load.on; n++) {
      for (let status: number | undefined; status !== 200;) {
        const answer = await client.post(job(`conversation ${i}`, n))
        status = answer.statusCode
        statuses.add(status)
        if (status !== 200) refusals.push(answer.headers['retry-after'])
        if (status !== 200) await setTimeout(10)
      }
      accepted++
    }
    return n
  })
  for (let deaths = 0; deaths < 3; deaths++) {
    const before = accepted
    await until(() => accepted > before + 200)
    const count = threads.length
    await lastThread().terminate()
    await until(() => threads.length > count)
  }
  const before = accepted
  await until(() => accepted > before + 50)
  load.on = false
  const counts = await Promise.all(senders)
  await drained(app)
  t.same([...statuses].sort(), [200, 503])
  t.same(refusals.filter((retryAfter) => retryAfter !== '5'), [])
  t.same(conversations(heard), Object.fromEntries(counts.map((count, i) => [`conversation ${i}`, Array.from({ length: count }, (_, n) => n)])))
  t.match(await app.webhooks.inbox.stats(), { pending: 0, dead: 0, done: counts.reduce((sum, count) => sum + count, 0) })
  t.equal(lines.filter(({ level, msg }) => level === 50 && msg.includes('has ended')).length, 3, 'the log says why')
})
