import pg from 'pg'
import type { Test } from 'tap'
import { postgresInbox } from '../../../lib/inbox/postgres/inbox.ts'
import { createApp } from '../../helpers/app.ts'
import { listen } from '../../helpers/http.ts'
import { schemas } from '../../helpers/postgres.ts'
import { Client, job } from './client.ts'
import { until } from './until.ts'

type Job = ReturnType<typeof job>

/** What a file about pools on one server uses. */
export function poolsOn (tap: Test, url: string) {
  const newSchema = schemas(tap, url)

  /** An app that uses this pool, too, and what its listener was given. */
  async function startApp (t: Test, pool: pg.Pool, listener: (job: Job) => unknown = async () => await pool.query('SELECT')) {
    const schema = newSchema()
    const { app } = await createApp(t, { inbox: postgresInbox({ pool, schema }), retry: { attempts: 2, minDelay: 1, maxDelay: 2 } })
    const heard: string[] = []
    app.webhooks.on('event', async (event, { attempt }) => {
      const job = event as unknown as Job // what is posted here
      heard.push(`${job.conversation.id} ${job.n}`)
      await listener(job)
      if (attempt <= (job.fails ?? 0)) throw new Error('as it was told')
    })
    const client = new Client(t, await listen(app))
    const { inbox } = app.webhooks
    return { app, client, heard, inbox, drained: async () => { await until(async () => (await inbox.stats()).pending === 0) }, schema }
  }

  /** All that an app can have done, with this pool. */
  async function doAll (t: Test, pool: pg.Pool): Promise<void> {
    const { app, client, heard, inbox, drained } = await startApp(t, pool)
    const jobs = [job('a', 0), job('a', 1, { fails: 1 }), job('a', 2, { fails: 2 }), job('b', 0)]
    const answers: Array<{ id?: string, status?: string }> = []
    for (const event of [...jobs, ...jobs.slice(0, 1)]) answers.push((await client.post(event)).body)
    t.same(answers.map(({ status }) => status), ['accepted', 'accepted', 'accepted', 'accepted', 'duplicate'])
    await drained()
    t.match(await inbox.stats(), { pending: 0, done: 3, dead: 1, invalid: 0 })
    t.same(heard.filter((name) => name !== 'b 0'), ['a 0', 'a 1', 'a 1', 'a 2', 'a 2'])
    t.match((await inbox.list()).map(({ event, state, attempts }) => [event, state, attempts]),
      [[jobs[3], 'done', 1], [jobs[2], 'dead', 2], [jobs[1], 'done', 2], [jobs[0], 'done', 1]])
    t.match(await inbox.get(answers[2]?.id ?? ''), { state: 'dead', error: /as it was told/, finishedAt: Date })
    t.equal(await inbox.replay(answers.slice(0, 4).map(({ id = '' }) => id)), 4)
    await drained()
    t.match(await inbox.stats(), { pending: 0, done: 3, dead: 1 })
    t.equal(heard.length, 12)
    await app.close()
    t.equal((await pool.query('SELECT')).rows.length, 1, 'the pool is open')
    t.equal(pool.idleCount, pool.totalCount, 'nothing of it is in use')
  }

  return { startApp, doAll }
}
