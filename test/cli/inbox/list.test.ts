import { test } from 'tap'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { createApp } from '../../helpers/app.ts'
import { temporaryFile } from '../../helpers/sqlite.ts'
import { until } from '../../faults/helpers/until.ts'
import { cli } from '../helpers.ts'
import { createInbox, linesOf } from './helpers.ts'

for (const kind of ['SQLite', 'PostgreSQL']) {
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
