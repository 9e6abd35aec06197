import tap, { test } from 'tap'
import { postgresInbox } from '../../../lib/inbox/postgres/inbox.ts'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { createApp, message } from '../../helpers/app.ts'
import { PostgresServer } from '../../helpers/postgres.ts'
import { temporaryFile } from '../../helpers/sqlite.ts'
import { until } from '../../faults/helpers/until.ts'
import { cli } from '../helpers.ts'
import { createInbox, linesOf } from './helpers.ts'
import type { Line } from './helpers.ts'

tap.jobs = 3 // they wait for what an app does beside them, and share nothing

for (const kind of ['SQLite', 'PostgreSQL']) {
  test(`${kind}: what comes and changes is watched until Ctrl-C`, async (t) => {
    const { app, where, receive, dead, mend } = await createInbox(t, kind)
    const interrupt = new AbortController()
    const seen: Line[] = []
    const watching = cli(['inbox', 'watch', ...where], { interrupt, onOutput: (text) => { seen.push(...linesOf(text)) } })
    await until(() => seen.length === 3)
    t.same(seen.map(({ seq }) => seq), seen.map(({ seq }) => seq).toSorted((a, b) => a - b), 'the oldest first')
    const id = await receive(message('c2', 'fresh'))
    await until(() => seen.some((event) => event.id === id && event.state === 'done'))
    mend()
    await app.webhooks.inbox.replay([dead])
    await until(() => seen.some((event) => event.id === dead && event.state === 'done'))
    interrupt.abort()
    t.match(await watching, { code: 130, stderr: '' })
    t.equal(new Set(seen.map(({ id, seq, state, attempts }) => `${id} ${seq} ${state} ${attempts}`)).size, seen.length, 'nothing twice')
  })
}

test('events are watched on a terminal, in columns', async (t) => {
  const { where, done } = await createInbox(t, 'SQLite')
  const interrupt = new AbortController()
  const watching = cli(['inbox', 'watch', '--name', 'newMessage', ...where], {
    interrupt, tty: 150, env: { NO_COLOR: '1' }, onOutput: (text) => { if (text.includes('invalid')) interrupt.abort() }
  })
  const { code, stdout } = await watching
  t.equal(code, 130)
  t.match(stdout, new RegExp(`^done     \\d\\d:\\d\\d:\\d\\d  newMessage         ${done.slice(0, 10)}  c1 {34}  WHATSAPP  1  Message Sender: hello \ufffdworld\n`))
})

test('an empty inbox is watched, too, and what comes first is told of', async (t) => {
  const path = temporaryFile(t)
  const { app } = await createApp(t, { inbox: sqliteInbox({ path }), deliver: false })
  await app.ready()
  const interrupt = new AbortController()
  const seen: Line[] = []
  const watching = cli(['inbox', 'watch', '--db', path], { interrupt, onOutput: (text) => { seen.push(...linesOf(text)) } })
  const { id } = await app.webhooks.receive(message())
  await until(() => seen.length === 1)
  t.match(seen, [{ id, state: 'pending' }])
  interrupt.abort()
  t.match(await watching, { code: 130 })
  const other = temporaryFile(t)
  const { app: empty } = await createApp(t, { inbox: sqliteInbox({ path: other }) })
  await empty.ready()
  const stop = new AbortController()
  stop.abort()
  t.match(await cli(['inbox', 'watch', '--db', other], { interrupt: stop }), { code: 130, stdout: '' })
})

test('a server that goes away while it is watched is told of', async (t) => {
  const server = await PostgresServer.create(t)
  const inbox = postgresInbox({ connectionString: server.url })
  const { app } = await createApp(t, { inbox })
  app.webhooks.on('event', () => {})
  await app.ready()
  await app.webhooks.receive(message())
  const watching = cli(['inbox', 'watch', '--db', server.url], { onOutput: () => { void server.stop() } })
  t.match(await watching, { code: 1, stdout: /{/, stderr: /^fastify-oneroute-webhooks inbox: The inbox 'oneroute_webhooks' cannot be used: .+\n$/ })
  await app.close()
})

test('a burst of more than a page is watched whole', async (t) => {
  const { where, receive } = await createInbox(t, 'SQLite')
  const interrupt = new AbortController()
  const seen = new Set<string>()
  const watching = cli(['inbox', 'watch', '--name', 'many', ...where], { interrupt, onOutput: (text) => { for (const { id } of linesOf(text)) seen.add(id) } })
  await receive({ event: 'many' })
  await until(() => seen.size === 1)
  await Promise.all(Array.from({ length: 1_100 }, async (_, n) => await receive({ event: 'many', n })))
  await until(() => seen.size === 1_101)
  interrupt.abort()
  t.match(await watching, { code: 130 })
})
