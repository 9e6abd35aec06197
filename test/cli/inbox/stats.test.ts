import { writeFileSync } from 'node:fs'
import { test } from 'tap'
import { passed } from '../../../lib/cli/inbox/limits.ts'
import { postgresInbox } from '../../../lib/inbox/postgres/inbox.ts'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { createApp, message } from '../../helpers/app.ts'
import { PostgresServer, schemas } from '../../helpers/postgres.ts'
import { temporaryFile } from '../../helpers/sqlite.ts'
import { until } from '../../faults/helpers/until.ts'
import { cli } from '../helpers.ts'
import { createInbox, url } from './helpers.ts'

for (const kind of ['SQLite', 'PostgreSQL']) {
  test(`${kind}: stats are counts for people, or JSON`, async (t) => {
    const { where } = await createInbox(t, kind)
    const { code, stdout, stderr } = await cli(['inbox', 'stats', ...where])
    t.same({ code, stderr }, { code: 0, stderr: '' })
    t.match(stdout, /^pending {2}0\nfailing {2}0\ndone {5}1\ndead {5}1\ninvalid {2}1\nThe last one was accepted \d+s ago.\n$/)
    const { lastReceivedAt, ...counts } = JSON.parse((await cli(['inbox', 'stats', '--json', ...where])).stdout) as Record<string, unknown> // as it was printed
    t.same(counts, { pending: 0, failing: 0, done: 1, dead: 1, invalid: 1, oldestPendingAt: null })
    t.ok(Date.now() - Date.parse(String(lastReceivedAt)) < 60_000)
  })

  test(`${kind}: stats with limits have an exit code, and a line for each that is passed`, async (t) => {
    const { where } = await createInbox(t, kind)
    const within = ['--max-dead', '1', '--max-failing', '0', '--max-silence', '1h']
    t.match(await cli(['inbox', 'stats', ...within, ...where]), { code: 0, stderr: '', stdout: /^pending/ })
    t.match(await cli(['inbox', 'stats', '--max-dead', '0', ...where]), { code: 1, stderr: '1 event is dead: more than 0\n', stdout: /^pending/ })
    const { code, stdout, stderr } = await cli(['inbox', 'stats', '--json', '--max-dead', '0', ...where])
    t.match({ code, stderr }, { code: 1, stderr: '1 event is dead: more than 0\n' })
    t.match(JSON.parse(stdout), { dead: 1 })
  })
}

test('an event that has failed and is to be tried again is failing', async (t) => {
  const path = temporaryFile(t)
  const { app } = await createApp(t, { inbox: sqliteInbox({ path }), retry: { minDelay: 3_600_000, maxDelay: 3_600_000 } })
  app.webhooks.on('newMessage', () => { throw new Error('as it was told') })
  for (const conversation of ['c1', 'c2']) await app.webhooks.receive(message(conversation))
  await until(async () => (await app.webhooks.inbox.stats()).failing === 2)
  t.match(await cli(['inbox', 'stats', '--db', path, '--max-failing', '1']), { code: 1, stdout: /\nfailing {2}2\n/, stderr: '2 events are failing: more than 1\n' })
})

test('nothing that was ever accepted is silence, too', async (t) => {
  const path = temporaryFile(t)
  const { app } = await createApp(t, { inbox: sqliteInbox({ path }) })
  await app.ready()
  t.match(await cli(['inbox', 'stats', '--db', path, '--max-silence', '30d']), { code: 1, stdout: /None was accepted yet.\n$/, stderr: 'no event was ever accepted\n' })
})

test('silence is measured from the last event', (t) => {
  const limits = { dead: undefined, failing: undefined, silence: { text: '30m', milliseconds: 1_800_000 } }
  const lastReceivedAt = new Date('2026-11-25T12:00:00Z')
  const stats = { pending: 0, failing: 0, done: 0, dead: 0, invalid: 0, oldestPendingAt: null, lastReceivedAt }
  t.same(passed(limits, stats, lastReceivedAt.getTime() + 1_800_000), [])
  t.same(passed(limits, stats, lastReceivedAt.getTime() + 7_200_000), ['no event was accepted for 2h: more than 30m'])
  t.end()
})

test('an inbox that cannot be asked has an exit code of its own where there are limits', async (t) => {
  const path = temporaryFile(t)
  for (const limit of [['--max-dead', '0'], ['--max-failing', '0'], ['--max-silence', '30m']]) {
    t.match(await cli(['inbox', 'stats', '--db', path, ...limit]), { code: 3, stdout: '', stderr: `fastify-oneroute-webhooks inbox: The inbox '${path}' cannot be used: there is no such file\n` })
  }
  t.match(await cli(['inbox', 'stats', '--db', 'postgres://ada:lace@127.0.0.1:1/x', '--max-dead', '0']), { code: 3, stderr: /ECONNREFUSED/ })
})

test('an inbox that cannot be used is named, with what is wrong', async (t) => {
  const path = temporaryFile(t)
  t.match(await cli(['inbox', 'stats', '--db', path]), { code: 1, stdout: '', stderr: `fastify-oneroute-webhooks inbox: The inbox '${path}' cannot be used: there is no such file\n` })
  writeFileSync(path, 'x'.repeat(5_000))
  t.match(await cli(['inbox', 'list', '--db', path]), { code: 1, stderr: /cannot be used: file is not a database/ })
  const schema = schemas(t, url)()
  t.match(await cli(['inbox', 'stats', '--db', url, '--schema', schema]), { code: 1, stderr: /cannot be used: there is no such inbox in this database/ })
  t.match(await cli(['inbox', 'stats', '--db', 'postgres://ada:lace@127.0.0.1:1/x']), { code: 1, stderr: /'oneroute_webhooks' cannot be used: .*ECONNREFUSED/ })
  t.notMatch(await cli(['inbox', 'stats', '--db', 'postgres://ada:lace@127.0.0.1:1/x']), { stderr: /lace/ })
  t.match(await cli(['inbox', 'stats', '--db', ' POSTGRES://ada:lace@127.0.0.1:1/x ']), { code: 1, stderr: /'oneroute_webhooks' cannot be used: .*ECONNREFUSED/ })
})

test('a PostgreSQL inbox of a newer version is refused, and a server that goes away is told of', async (t) => {
  const server = await PostgresServer.create(t)
  const { app } = await createApp(t, { inbox: postgresInbox({ connectionString: server.url }) })
  await app.ready()
  await app.close()
  const pg = await import('pg')
  const client = new pg.default.Client(server.url)
  await client.connect()
  await client.query('INSERT INTO oneroute_webhooks.oneroute_webhooks_migrations (version, works_with) VALUES (99, 98)')
  t.match(await cli(['inbox', 'stats', '--db', server.url]), { code: 1, stderr: /its version is 99, and the oldest package that works with it knows 98\. This one knows 1: install the newer version/ })
  await client.query('DELETE FROM oneroute_webhooks.oneroute_webhooks_migrations WHERE version = 99; DROP TABLE oneroute_webhooks.totals')
  await client.end()
  t.match(await cli(['inbox', 'stats', '--db', server.url]), { code: 1, stderr: /'oneroute_webhooks' cannot be used: relation .* does not exist/ })
})
