import { test } from 'tap'
import { sqliteInbox } from '../../lib/inbox/sqlite/inbox.ts'
import { createApp, post, turns } from '../helpers/app.ts'
import { personal, PERSONAL, SECRET, sign } from '../helpers/http.ts'
import { temporaryFile } from '../helpers/sqlite.ts'

const RETRY = { attempts: 2, minDelay: 1, maxDelay: 1, factor: 1 }
const INFO = 30

/** Different bodies, all of whose free texts are somebody's. */
function bodies (count: number): string[] {
  return Array.from({ length: count }, (_, i) => personal().replace('Hello World!', `Hello ${i}, I live at ${PERSONAL}'s`))
}

test('a busy run logs nothing of what anybody wrote or is, and no key', async (t) => {
  const { app, lines } = await createApp(t, { secret: SECRET, inbox: sqliteInbox({ path: temporaryFile(t) }), retry: RETRY }, { logger: { level: 'trace', stream: { write: (line: string) => { written.push(line) } } } })
  const written: string[] = []
  t.same(lines, [])
  app.webhooks.on('newMessage', async (_event, { log, attempt }) => {
    log.info('a line of the listener')
    if (attempt === 1) throw new Error('broken')
  })
  app.webhooks.on('newMessage', function dying () { throw new Error('broken for good') })
  app.webhooks.on('error', () => { throw new Error('broken, too') })
  for (const body of bodies(20)) {
    await post(app, body, sign(body))
    await post(app, body, sign(body))
    await post(app, body.slice(0, -20), sign(body))
    await post(app, body, sign(body, 'another key'))
    await post(app, body)
    const invalid = body.replace('"contentType": "TEXT"', '"contentType": 1')
    await post(app, invalid, sign(invalid))
    const unknown = body.replace('newMessage', 'of tomorrow') // the name of an event is nobody's
    await post(app, unknown, sign(unknown))
    const again = body.replace('"contentType": "TEXT"', '"contentType": 2')
    t.match(await app.webhooks.receive(again), { status: 'invalid' })
  }
  while ((await app.webhooks.inbox.stats()).pending > 0) await turns()
  await app.close()
  t.ok(written.length > 200, `${written.length} lines`)
  const all = written.join('')
  for (const text of [PERSONAL, SECRET, 'another key', 'Hello', '+234']) t.notOk(all.includes(text), text)
})

test('an accepted event makes one line at info besides those of Fastify, and a delivery has a logger of its own', async (t) => {
  const { app, lines } = await createApp(t, { inbox: sqliteInbox({ path: temporaryFile(t) }), retry: RETRY }, { disableRequestLogging: true })
  app.webhooks.on('newMessage', function failing (_event, { log }) {
    log.info('mine')
    throw new Error('broken')
  })
  await app.ready()
  lines.length = 0
  const body = personal()
  const { id } = (await post(app, body)).json<{ id: string }>()
  await post(app, body)
  while ((await app.webhooks.inbox.stats()).pending > 0) await turns()
  const shown = lines.filter(({ level }) => level >= INFO).map(({ level, msg, ...fields }) => ({ level, msg, ...fields }))
  t.match(shown.filter(({ msg }) => msg === 'a webhook was taken in'), [
    { level: INFO, webhook: id, event: 'newMessage', status: 'accepted' },
    { level: INFO, webhook: id, event: 'newMessage', status: 'duplicate' }
  ])
  t.match(shown.filter(({ msg }) => msg === 'mine'), [{ webhook: id, attempt: 1 }, { webhook: id, attempt: 2 }])
  t.match(shown.filter(({ msg }) => msg.startsWith('a listener failed')), [
    { level: 40, webhook: id, attempt: 1, retryAt: String, err: { listener: 'failing' } },
    { level: 50, webhook: id, attempt: 2, err: { listener: 'failing' } }
  ])
  t.equal(shown.length, 6)
})
