import { writeFileSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import type { StoredEvent, UnknownEvent } from '../../../index.ts'
import { passed } from '../../../lib/cli/inbox/limits.ts'
import { postgresInbox } from '../../../lib/inbox/postgres/inbox.ts'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { createApp, message } from '../../helpers/app.ts'
import { PostgresServer, postgresUrl, schemas } from '../../helpers/postgres.ts'
import { temporaryFile } from '../../helpers/sqlite.ts'
import { until } from '../../faults/helpers/until.ts'
import { cli } from '../helpers.ts'

tap.setTimeout(120_000)

const url = await postgresUrl(tap)

/** An inbox with an event of each state but pending, and the app that has it. */
async function createInbox (t: Test, kind: string) {
  const path = temporaryFile(t)
  const schema = schemas(t, url)()
  const inbox = kind === 'SQLite' ? sqliteInbox({ path }) : postgresInbox({ connectionString: url, schema })
  const { app } = await createApp(t, { inbox, retry: { attempts: 2, minDelay: 1 } })
  const heard: UnknownEvent[] = []
  let failing = true
  app.webhooks.on('event', function tell (event) {
    heard.push({ ...event })
    if (event.event === 'bad' && failing) throw new Error('the key, as it was told \u001b[31m')
  })
  await app.ready()
  const receive = async (event: object) => (await app.webhooks.receive(event)).id
  const done = await receive(message('c1', 'hello \u001b[31m \u009bworld'))
  const dead = await receive({ event: 'bad', credentials: { key: 'the key' }, text: 'ReFund' })
  await app.webhooks.receive({ event: 'newMessage', wrong: true }).catch(() => undefined)
  await until(async () => (await app.webhooks.inbox.stats()).pending === 0)
  const where = kind === 'SQLite' ? ['--db', path] : ['--db', url, '--schema', schema]
  return { app, path, where, done, dead, heard, receive, mend: () => { failing = false } }
}

type Line = Omit<StoredEvent, 'lane'> & { conversation: string | null }
const linesOf = (text: string) => text.trim().split('\n').map((line) => JSON.parse(line) as Line) // what it prints

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

  test(`${kind}: events are listed newest first, filtered, as JSON lines in a pipe and as a table on a terminal`, async (t) => {
    const { where, done, dead } = await createInbox(t, kind)
    const list = async (...argv: string[]) => linesOf((await cli(['inbox', 'list', ...argv, ...where])).stdout)
    t.match(await list(), [{ state: 'invalid', name: 'newMessage' }, { id: dead, state: 'dead', conversation: null, attempts: 2 }, { id: done, state: 'done', conversation: 'c1' }])
    t.match(await list('--limit', '1'), { length: 1 })
    t.match(await list('--state', 'dead'), [{ id: dead, event: { credentials: '[redacted]' }, error: /^tell: \[redacted\], as it was told/, deliveries: [{ attempt: 1, failures: [{ listener: 'tell', error: /^\[redacted\],/ }] }, { attempt: 2 }] }])
    t.match(await list('--state', 'dead', '--redact', ''), [{ event: { credentials: { key: 'the key' } }, error: /^tell: the key,/ }])
    t.match(await list('--conversation', 'c1', '--name', 'newMessage'), [{ id: done }])
    t.equal((await cli(['inbox', 'list', '--conversation', 'c1', '--redact', 'id', ...where])).stdout, '', 'what is not shown is not found')
    t.match(await list('--text', 'refund'), [{ id: dead }])
    t.equal((await cli(['inbox', 'list', '--text', 'nowhere', ...where])).stdout, '')
    const { stdout } = await cli(['inbox', 'list', ...where], { tty: 140 })
    const rows = stdout.trim().split('\n')
    t.match(rows[0], /state {4}age {2}name {8}id {10}conversation {2}medium {4}deliveries {2}content/)
    t.match(rows[3], new RegExp(`dead.*bad .*${dead.slice(0, 10)} `))
    t.match(rows[5], new RegExp(`done.* newMessage  ${done.slice(0, 10)}  c1            WHATSAPP  1           Message Sender: hello \ufffdworld`))
    t.notMatch(stdout, /\u009b|the key/)
    t.equal((await cli(['inbox', 'list', '--json', '--limit', '1', ...where], { tty: 100 })).stdout.startsWith('{'), true)
  })

  test(`${kind}: one event is shown in full, found by its first characters`, async (t) => {
    const { where, dead, done } = await createInbox(t, kind)
    t.match(linesOf((await cli(['inbox', 'show', dead, ...where])).stdout), [{ id: dead, error: /\[redacted\], as it was told/ }])
    const { stdout, code } = await cli(['inbox', 'show', dead.slice(0, 8), ...where], { tty: 100, env: { NO_COLOR: '1' } })
    t.equal(code, 0)
    t.match(stdout, `id            ${dead}\nname          bad\nstate         dead\n`)
    t.match(stdout, /delivery 2 .* ms\n {2}failed {2}tell, \d+ ms: .*as it was told\n/)
    t.match(stdout, '"credentials": "[redacted]"')
    for (const control of ['\u001b', '\u009b']) t.notOk(stdout.includes(control))
    const shown = (await cli(['inbox', 'show', done, ...where], { tty: 100 })).stdout
    t.match(shown, /conversation.*c1\n/)
    t.match(shown, '\u001b[36m"event"\u001b[39m')
    t.match(await cli(['inbox', 'show', 'AAAAAAAA', ...where]), { code: 1, stdout: '', stderr: "fastify-oneroute-webhooks inbox: There is no event 'AAAAAAAA'\n" })
    t.match(await cli(['inbox', 'show', 'short', ...where]), { code: 2, stderr: /6 characters or more, got 'short'/ })
  })

  test(`${kind}: events are replayed beside the app, which delivers them`, async (t) => {
    const { where, dead, done, heard, mend } = await createInbox(t, kind)
    mend()
    const before = heard.length
    t.match(await cli(['inbox', 'replay', done, 'AAAAAAAA', ...where]), { code: 1, stderr: /There is no event 'AAAAAAAA'/ })
    t.match(await cli(['inbox', 'replay', done, dead.slice(0, 8), done, ...where]), { code: 0, stdout: '2 events replayed\n' })
    await until(() => heard.length === before + 2)
    t.match(await cli(['inbox', 'replay', done, '--json', ...where]), { code: 0, stdout: '{"replayed":1}\n' })
  })

  test(`${kind}: all dead events are replayed once that is confirmed`, async (t) => {
    const { app, where, receive, mend } = await createInbox(t, kind)
    const argv = ['inbox', 'replay', '--dead', ...where]
    t.match(await cli(argv), { code: 2, stderr: /give --yes where there is none/ })
    t.match(await cli(argv, { tty: 100, stdin: 'n\n' }), { code: 1, stdout: '', stderr: /Replay 1 dead event\? \[y\/N\] / })
    t.match(await cli(argv, { tty: 100, stdin: '' }), { code: 1, stdout: '' }, 'no answer is none')
    const range = ['--since', '2026-01-01', '--until', '2126-01-01T00:00Z']
    const asked = /Replay 1 dead event since 2026-01-01T00:00:00\.000Z until 2126-01-01T00:00:00\.000Z\? /
    t.match(await cli([...argv, ...range], { tty: 100, stdin: 'n\n' }), { code: 1, stdout: '', stderr: asked })
    await receive({ event: 'bad', n: 2 })
    await until(async () => (await app.webhooks.inbox.stats()).dead === 2)
    mend()
    t.match(await cli(argv, { tty: 100, stdin: 'y\n' }), { code: 0, stdout: '2 events replayed\n', stderr: /Replay all 2 dead events\?/ })
    await until(async () => (await app.webhooks.inbox.stats()).done === 3)
    t.match(await cli([...argv, '--yes']), { code: 0, stdout: '0 events replayed\n' })
  })

  test(`${kind}: all invalid events are replayed once that is confirmed`, async (t) => {
    const { app, where, heard } = await createInbox(t, kind)
    const argv = ['inbox', 'replay', '--invalid', ...where]
    t.match(await cli(argv), { code: 2, stderr: /inbox replay --invalid asks on a terminal: give --yes where there is none/ })
    t.match(await cli(argv, { tty: 100, stdin: 'n\n' }), { code: 1, stdout: '', stderr: /Replay 1 invalid event\? \[y\/N\] / })
    await app.webhooks.receive({ event: 'newMessage', wrong: 'too' }).catch(() => undefined)
    await until(async () => (await app.webhooks.inbox.stats()).invalid === 2)
    const before = heard.length
    t.match(await cli(argv, { tty: 100, stdin: 'y\n' }), { code: 0, stdout: '2 events replayed\n', stderr: /Replay all 2 invalid events\?/ })
    await until(() => heard.length === before + 2)
    t.match(heard.slice(before), [{ event: 'newMessage', wrong: true }, { event: 'newMessage', wrong: 'too' }])
    t.match(await app.webhooks.inbox.stats(), { invalid: 0, dead: 1 }, 'and nothing else is')
    t.match(await cli([...argv, '--yes']), { code: 0, stdout: '0 events replayed\n' })
  })

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

test('on a terminal, the error of an event is on a line of its own below it, as long as the terminal is wide', async (t) => {
  const { where, dead } = await createInbox(t, 'SQLite')
  for (const [tty, error] of [[200, 'tell: [redacted], as it was told'], [30, 'tell: [redacted], as…']] as const) {
    const { stdout } = await cli(['inbox', 'list', '--state', 'dead', ...where], { tty, env: { NO_COLOR: '1' } })
    const [, row, ...below] = stdout.trimEnd().split('\n')
    t.match(row, dead.slice(0, 10))
    t.same(below, [`         ${error}`])
  }
  t.match((await cli(['inbox', 'list', '--state', 'invalid', ...where], { tty: 200 })).stdout, /invalid.*\n {9}\S+.*message/)
})

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

test('pending events are counted with the age of the oldest, and are not replayed', async (t) => {
  const path = temporaryFile(t)
  const { app } = await createApp(t, { inbox: sqliteInbox({ path }), deliver: false })
  await app.ready()
  const { id } = await app.webhooks.receive(message())
  t.match((await cli(['inbox', 'stats', '--db', path], { tty: 80 })).stdout, /pending.*1 {2}the oldest for \ds\n/)
  t.match(await cli(['inbox', 'replay', id, '--db', path]), { code: 0, stdout: '0 events replayed; 1 event pending already\n' })
  t.match((await cli(['inbox', 'show', id, '--db', path], { tty: 80 })).stdout, /due /)
})

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

test('more than one event that begins alike is not guessed at', async (t) => {
  const { path, where } = await createInbox(t, 'SQLite')
  const { DatabaseSync } = await import('node:sqlite')
  const db = new DatabaseSync(path)
  db.exec("UPDATE events SET id = 'AAAAAAAA' || seq")
  db.close()
  t.match(await cli(['inbox', 'show', 'AAAAAAAA', ...where]), { code: 1, stderr: /More than one event begins with 'AAAAAAAA': AAAAAAAA3, AAAAAAAA2/ })
})

test('an event whose failing listener is gone by its next delivery is shown as such', async (t) => {
  const path = temporaryFile(t)
  const { app } = await createApp(t, { inbox: sqliteInbox({ path }), retry: { minDelay: 1, maxDelay: 1 } })
  const failing = () => {
    app.webhooks.off('unknown', failing)
    throw new Error('broken')
  }
  app.webhooks.on('unknown', failing)
  app.webhooks.on('unknown', function fine () {})
  const { id } = await app.webhooks.receive({ event: 'other' })
  await until(async () => (await app.webhooks.inbox.stats()).done === 1)
  const { stdout } = await cli(['inbox', 'show', id, '--db', path], { tty: 80, env: { NO_COLOR: '1' } })
  t.match(stdout, /ok {6}fine\n[^]*failing, [^]*delivery 2 {4}\S+, \d+ ms\n {2}no listener was left that had not done it\n{\n/)
})

test('an event that no listener wanted is shown as such', async (t) => {
  const path = temporaryFile(t)
  const { app } = await createApp(t, { inbox: sqliteInbox({ path }) })
  app.webhooks.on('newMessage', () => {})
  const { id } = await app.webhooks.receive({ event: 'other' })
  await until(async () => (await app.webhooks.inbox.stats()).done === 1)
  const { stdout } = await cli(['inbox', 'show', id, '--db', path], { tty: 80, env: { NO_COLOR: '1' } })
  t.match(stdout, /state +done\n[^]*delivery 1 {4}\S+, \d+ ms\n {2}no listener wanted it\n{\n/)
})

test('ids that begin with a dash are found, and their first six characters do', async (t) => {
  const { path, where, done } = await createInbox(t, 'SQLite')
  const id = '-4o_0ZQyAmPWKVDDvVhKD9xPZnKlZcD-5LkvkQxh3Xw'
  const { DatabaseSync } = await import('node:sqlite')
  const db = new DatabaseSync(path)
  db.prepare('UPDATE events SET id = ? WHERE id = ?').run(id, done)
  db.prepare('UPDATE totals SET indexed = 0').run()
  db.close()
  for (const given of [id, id.slice(0, 6), id.slice(0, 20)]) {
    t.match(linesOf((await cli(['inbox', 'show', given, ...where])).stdout), [{ id }])
    t.match(await cli(['inbox', 'replay', given, ...where]), { code: 0 })
  }
  t.match(await cli(['inbox', 'show', '-4o_0A', ...where]), { code: 1, stderr: /There is no event '-4o_0A'/ })
  t.match(await cli(['inbox', 'show', 'u:S3CRET@h', ...where]), { code: 1, stderr: /There is no event '\*\*\*@h'/ })
  t.match(await cli(['inbox', 'show', 'a:b@h', ...where]), { code: 2, stderr: /6 characters or more, got '\*\*\*@h'/ })
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

test('Ctrl-C ends what would take long', async (t) => {
  for (const kind of ['SQLite', 'PostgreSQL']) {
    const { where, done } = await createInbox(t, kind)
    const interrupt = new AbortController()
    interrupt.abort()
    t.match(await cli(['inbox', 'list', ...where], { interrupt }), { code: 130, stdout: '' })
    const { code } = await cli(['inbox', 'replay', done, ...where], { interrupt })
    t.equal(code, 130)
    t.match(await cli(['inbox', 'replay', '--dead', ...where], { interrupt, tty: 80, stdin: new PassThrough() }), { code: 130 })
  }
})

for (const kind of ['SQLite', 'PostgreSQL']) {
  test(`${kind}: events are discarded by their ids, and with one that is unknown none is`, async (t) => {
    const { app, where, dead, done } = await createInbox(t, kind)
    t.match(await cli(['inbox', 'discard', done, 'AAAAAAAA', ...where]), { code: 1, stdout: '', stderr: /There is no event 'AAAAAAAA'/ })
    t.match(await cli(['inbox', 'discard', done, dead.slice(0, 8), done, ...where]), { code: 0, stdout: '2 events discarded\n' })
    t.match(await app.webhooks.inbox.stats(), { done: 0, dead: 0, invalid: 1 })
    const { id } = (await app.webhooks.inbox.list())[0] ?? {}
    t.match(await cli(['inbox', 'discard', String(id), '--json', ...where]), { code: 0, stdout: '{"discarded":1}\n' })
    t.match(await cli(['inbox', 'discard', done, ...where]), { code: 1, stderr: /There is no event/ })
  })

  test(`${kind}: a conversation is forgotten once that is confirmed`, async (t) => {
    const { app, where, receive } = await createInbox(t, kind)
    await receive(message('c2'))
    await receive(message('c1', 'again'))
    await until(async () => (await app.webhooks.inbox.stats()).done === 3)
    const argv = ['inbox', 'forget', 'c1', ...where]
    t.match(await cli(argv), { code: 2, stderr: /inbox forget asks on a terminal: give --yes where there is none/ })
    t.match(await cli(argv, { tty: 100, stdin: 'n\n' }), { code: 1, stdout: '', stderr: /Forget conversation c1: 2 events, whatever their state, .*\? \[y\/N\] / })
    t.match(await cli(argv, { tty: 100, stdin: 'y\n' }), { code: 0, stdout: '2 events forgotten\n' })
    t.match(await app.webhooks.inbox.stats(), { done: 1, dead: 1, invalid: 1 })
    t.match(await cli([...argv, '--yes', '--json']), { code: 0, stdout: '{"forgotten":0}\n' })
    t.match(await cli(['inbox', 'forget', '--yes', ...where, '--', 'c2']), { code: 0, stdout: '1 event forgotten\n' })
  })

  test(`${kind}: the dead events of a conversation are replayed, for all listeners if that is asked for`, async (t) => {
    const { app, where, heard, receive, mend } = await createInbox(t, kind)
    const others: unknown[] = []
    app.webhooks.on('event', function fine ({ event }) { others.push(event) })
    const bad = (conversation: string, n: number) => ({ event: 'bad', n, conversation: { id: conversation } })
    const ids = [await receive(bad('c3', 1)), await receive(bad('c3', 2))]
    await receive(bad('c4', 3))
    await until(async () => (await app.webhooks.inbox.stats()).dead === 4)
    mend()
    const before = heard.length
    const known = others.length
    const argv = ['inbox', 'replay', '--conversation', 'c3', ...where]
    t.match(await cli(argv), { code: 2, stderr: /inbox replay --conversation asks on a terminal: give --yes/ })
    t.match(await cli(argv, { tty: 100, stdin: 'y\n' }), { code: 0, stdout: '2 events replayed\n', stderr: /Replay all 2 dead events of conversation c3\? \[y\/N\]/ })
    await until(() => heard.length === before + 2)
    t.match(heard.slice(before), [{ n: 1 }, { n: 2 }], 'in their order')
    await until(async () => (await app.webhooks.inbox.stats()).dead === 2)
    t.equal(others.length, known, 'those that have succeeded are not called again')
    t.match(await cli(['inbox', 'replay', '--conversation', 'c3', '--invalid', '--yes', ...where]), { code: 0, stdout: '0 events replayed\n' })
    t.match(await cli(['inbox', 'replay', '--dead', '--conversation', 'c4', '--all-listeners', '--yes', ...where]), { code: 0, stdout: '1 event replayed\n' })
    await until(() => others.length === known + 1)
    t.match(await cli(['inbox', 'replay', ...ids, '--all-listeners', ...where]), { code: 0, stdout: '2 events replayed\n' })
    await until(() => others.length === known + 3)
  })
}
