import { PassThrough } from 'node:stream'
import tap, { test } from 'tap'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { createApp, message } from '../../helpers/app.ts'
import { temporaryFile } from '../../helpers/sqlite.ts'
import { until } from '../../faults/helpers/until.ts'
import { cli } from '../helpers.ts'
import { createInbox, linesOf } from './helpers.ts'

tap.jobs = 3 // they wait for what an app does beside them, and share nothing

for (const kind of ['SQLite', 'PostgreSQL']) {
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
}

test('pending events are counted with the age of the oldest, and are not replayed', async (t) => {
  const path = temporaryFile(t)
  const { app } = await createApp(t, { inbox: sqliteInbox({ path }), deliver: false })
  await app.ready()
  const { id } = await app.webhooks.receive(message())
  t.match((await cli(['inbox', 'stats', '--db', path], { tty: 80 })).stdout, /pending.*1 {2}the oldest for \ds\n/)
  t.match(await cli(['inbox', 'replay', id, '--db', path]), { code: 0, stdout: '0 events replayed; 1 event pending already\n' })
  t.match((await cli(['inbox', 'show', id, '--db', path], { tty: 80 })).stdout, /due /)
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
