import { test } from 'tap'
import type { Test } from 'tap'
import { postgresInbox } from '../../../lib/inbox/postgres/inbox.ts'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { until } from '../../faults/helpers/until.ts'
import { createApp, message } from '../../helpers/app.ts'
import { schemas } from '../../helpers/postgres.ts'
import { temporaryFile } from '../../helpers/sqlite.ts'
import { cli } from '../helpers.ts'
import { linesOf, url } from './helpers.ts'

const PLAIN = { tty: 140, env: { NO_COLOR: '1' } }

/** An inbox with an event that waits for its quiet time, and a burst of another conversation that has failed. */
async function createWaiting (t: Test, kind: string) {
  const path = temporaryFile(t)
  const schema = schemas(t, url)()
  const inbox = kind === 'SQLite' ? sqliteInbox({ path }) : postgresInbox({ connectionString: url, schema })
  const { app } = await createApp(t, { inbox, retry: { minDelay: 200_000, maxDelay: 200_000 } })
  app.webhooks.collect('newMessage', { quiet: 600_000, most: 2 }, function answer () { throw new Error('not yet') })
  await app.ready()
  const receive = async (conversation: string) => (await app.webhooks.receive(message(conversation))).id
  const [quiet, failed] = [await receive('quiet'), await receive('failed')]
  await receive('failed')
  await until(async () => (await app.webhooks.inbox.stats()).failing === 2 && (await app.webhooks.inbox.get(quiet))?.isCollected === true)
  const dueAt = (await app.webhooks.inbox.get(quiet))?.dueAt ?? new Date(0)
  return { where: kind === 'SQLite' ? ['--db', path] : ['--db', url, '--schema', schema], quiet, failed, dueAt }
}

for (const kind of ['SQLite', 'PostgreSQL']) {
  test(`${kind}: an event that waits for collectors says so, and until when; a burst that has failed says when it is tried again`, async (t) => {
    const { where, quiet, failed, dueAt } = await createWaiting(t, kind)
    const list = await cli(['inbox', 'list', '--conversation', 'quiet', ...where], PLAIN)
    t.same(list.stdout.trimEnd().split('\n').slice(2), [`         waits for its collectors, until ${dueAt.toTimeString().slice(0, 8)} at least`])
    const failing = await cli(['inbox', 'list', '--conversation', 'failed', ...where], PLAIN)
    t.equal(failing.stdout.match(/^ {9}answer: not yet$/gm)?.length, 2)
    t.notMatch(failing.stdout, 'waits for')
    t.match((await cli(['inbox', 'show', quiet, ...where], PLAIN)).stdout, 'state         pending, waits for its collectors\nreceived')
    t.match((await cli(['inbox', 'show', quiet, ...where], PLAIN)).stdout, `due           ${dueAt.toISOString()}, or later if more of its conversation comes\n`)
    t.match((await cli(['inbox', 'show', failed, ...where], PLAIN)).stdout, /\nstate {9}pending, waits for its collectors\n[^]*\ndue {11}\S+Z\nerror {9}answer: not yet\n/)
    t.match(linesOf((await cli(['inbox', 'show', quiet, ...where])).stdout), [{ state: 'pending', isCollected: true, attempts: 0, dueAt: dueAt.toISOString() }])
    t.match(linesOf((await cli(['inbox', 'list', ...where])).stdout), [{ isCollected: true, attempts: 1 }, { isCollected: true, attempts: 1 }, { id: quiet, isCollected: true }])
  })
}

test('an event that waits for nothing of the kind says so, too', async (t) => {
  const path = temporaryFile(t)
  const { app } = await createApp(t, { inbox: sqliteInbox({ path }), deliver: false })
  const { id } = await app.webhooks.receive(message())
  t.match(linesOf((await cli(['inbox', 'show', id, '--db', path])).stdout), [{ state: 'pending', isCollected: false }])
  t.match((await cli(['inbox', 'show', id, '--db', path], PLAIN)).stdout, /\nstate {9}pending\n[^]*\ndue {11}\S+Z\n/)
})
