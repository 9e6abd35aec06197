import { test } from 'tap'
import { job } from '../helpers/client.ts'
import { hear, startApp } from '../helpers/thread-app.ts'
import { lastThread, threads } from '../helpers/threads.ts'
import { until } from '../helpers/until.ts'

for (const when of ['away', 'starting', 'back']) {
  test(`closing while the thread is ${when} ends, and leaves nothing behind`, async (t) => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = timers()
    const { app, heard, connect } = await startApp(t, { retry: { minDelay: 3_600_000, maxDelay: 3_600_000 } })
    const client = await connect()
    hear(app, heard, () => { throw new Error('later') })
    t.equal((await client.post(job('a', 0))).statusCode, 200)
    // The store has something that becomes due one day.
    await until(async () => (await app.webhooks.inbox.list()).some(({ attempts }) => attempts === 1))
    const count = threads.length
    await lastThread().terminate()
    if (when !== 'away') await until(() => threads.length > count)
    if (when === 'back') await until(async () => (await client.post(job('a', 1))).statusCode === 200)
    await app.close()
    t.equal(threads.length, when === 'away' ? count : count + 1)
    t.equal(lastThread().threadId, -1, 'no thread')
    t.equal(timers(), before, 'no timer')
  })
}
