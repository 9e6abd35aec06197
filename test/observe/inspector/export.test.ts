import { test } from 'tap'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { newMessage } from '../../../lib/testing/testing.ts'
import { cli } from '../../cli/helpers.ts'
import { message } from '../../helpers/app.ts'
import { temporaryFile } from '../../helpers/sqlite.ts'
import { createInspected } from './inspected.ts'

test('what fits is exported as the command line prints it, the newest first', async (t) => {
  const path = temporaryFile(t)
  const { app, ask, send } = await createInspected(t, { inbox: sqliteInbox({ path }) })
  await app.ready()
  for (let i = 0; i < 5; i++) await app.webhooks.receive(message(i % 2 === 0 ? 'a' : 'b', `number ${i} \u202e`))
  const all = await ask('export')
  t.match(all.headers, {
    'content-type': /^application\/x-ndjson/,
    'content-disposition': /^attachment; filename="events-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.ndjson"$/,
    'content-security-policy': /^default-src 'none'/,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store'
  })
  t.equal(all.body, (await cli(['inbox', 'list', '--json', '--db', path])).stdout)
  t.equal((await ask('export?conversation=a&text=NUMBER')).body, (await cli(['inbox', 'list', '--json', '--conversation', 'a', '--db', path])).stdout)
  t.equal((await ask('export?text=nothing')).body, '')
  const lines = all.body.trimEnd().split('\n')
  const ids = lines.map((line) => (JSON.parse(line) as { id: string }).id) // as it was printed
  const some = await send('export', { ids: [ids[3], 'unknown', ids[0]] })
  t.match(some.headers, { 'content-type': /^application\/x-ndjson/, 'content-disposition': /^attachment/ })
  t.equal(some.body, `${lines[3]}\n${lines[0]}\n`)
  t.equal((await app.inject({ method: 'HEAD', url: '/inspector/api/export' })).statusCode, 404)
})

test('what is not shown is not exported, and does not decide what is', async (t) => {
  const { app, ask, send } = await createInspected(t, {}, { redact: ['credentials', 'email'] })
  app.webhooks.on('newMessage', ({ conversation: { customer } }) => { throw new Error(`no account for ${customer.email}`) })
  await t.rejects(app.webhooks.receive(newMessage({ conversation: { customer: { email: 'ada@mail.example' }, Channel: { credentials: { token: 'a long token' } } } })))
  const { body } = await ask('export')
  const { id } = JSON.parse(body) as { id: string } // a line
  for (const text of [body, (await send('export', { ids: [id] })).body]) {
    t.match(JSON.parse(text), { error: 'listener 1: no account for [redacted]', event: { conversation: { customer: { email: '[redacted]' }, Channel: { credentials: '[redacted]' } } } })
    t.notMatch(text, /ada@|long token/)
  }
  for (const text of ['ada@mail', 'long%20token']) t.equal((await ask(`export?text=${text}`)).body, '')
})

test('only whoever may look exports', async (t) => {
  const { app, send } = await createInspected(t, {}, { authorize: () => false })
  await app.webhooks.receive(message()).catch(() => {})
  t.match((await app.inject('/inspector/api/export')).json(), { statusCode: 403, code: 'FST_ONEROUTE_NOT_AUTHORIZED' })
  t.match((await send('export', { ids: ['a'] })).json(), { statusCode: 403, code: 'FST_ONEROUTE_NOT_AUTHORIZED' })
})
