import Fastify from 'fastify'
import { test } from 'tap'
import { memoryInbox } from '../../index.ts'
import type { DeliveryError, WebhookContext, WebhooksOptions } from '../../index.ts'
import { postgresInbox } from '../../lib/inbox/postgres/inbox.ts'
import { sqliteInbox } from '../../lib/inbox/sqlite/inbox.ts'
import { newMessage, post, settled } from '../../lib/testing/testing.ts'
import { createApp, gate, turns } from '../helpers/app.ts'
import { ModelInbox } from '../helpers/model-inbox.ts'
import { postgresUrl } from '../helpers/postgres.ts'
import { temporaryFile } from '../helpers/sqlite.ts'

const LATER = { minDelay: 60_000 }
const in_ = (conversation: string, content: string) => newMessage({ message: { content }, conversation: { id: conversation } })

const INBOXES: Record<string, (t: Parameters<typeof temporaryFile>[0]) => Promise<NonNullable<WebhooksOptions['inbox']>>> = {
  SQLite: async (t) => sqliteInbox({ path: temporaryFile(t) }),
  PostgreSQL: async (t) => postgresInbox({ connectionString: await postgresUrl(t) })
}

for (const [name, inbox] of Object.entries(INBOXES)) {
  test(`settled waits for what is due, and not for what is tried again later: ${name}`, async (t) => {
    const { app } = await createApp(t, { inbox: await inbox(t), retry: LATER })
    const hold = gate()
    const done: unknown[] = []
    app.webhooks.on('newMessage', async ({ message: { content } }) => {
      if (content === 'fails') throw new Error('as it was told')
      if (content === 'slow') await hold.promise
      done.push(content)
    })
    for (const event of [in_('a', 'fails'), in_('a', 'behind'), in_('b', 'slow'), in_('b', 'next')]) await post(app, event)
    let isSettled = false
    const settling = settled(app).then(() => { isSettled = true })
    while ((await app.webhooks.inbox.stats()).failing === 0) await turns()
    for (let i = 0; i < 20; i++) await turns()
    t.equal(isSettled, false, 'a listener is at work')
    hold.resolve(undefined)
    await settling
    t.same(done, ['slow', 'next'])
    t.match(await app.webhooks.inbox.stats(), { pending: 2, done: 2 })
    await settled(app)
  })

  test(`an event is posted once and delivered twice: ${name}`, async (t) => {
    const { app, lines } = await createApp(t, { inbox: await inbox(t), retry: LATER })
    const contexts: WebhookContext[] = []
    const errors: DeliveryError[] = []
    app.webhooks.on('newMessage', async function once (_event, context) {
      await turns()
      if (contexts.push(context) > 1) throw new Error('not twice')
    })
    let others = 0
    app.webhooks.on('event', () => { others++ })
    app.webhooks.on('error', (error) => { errors.push(error) })
    const reply = await post(app, newMessage(), { deliveries: 2 })
    t.match(reply.json(), { status: 'accepted' })
    t.equal(others, 2)
    t.match(contexts, [{ id: reply.json<{ id: string }>().id, attempt: 1 }, { id: contexts[0]?.id, attempt: 1 }])
    t.same(contexts[0]?.receivedAt, contexts[1]?.receivedAt)
    t.match(errors, [{ listener: 'once', cause: { message: 'not twice' } }])
    t.equal(lines.filter(({ msg }) => msg.startsWith('a listener failed')).length, 1)
    t.match(await app.webhooks.inbox.stats(), { pending: 0, done: 1 }, 'what comes after the success changes nothing that is stored')
  })
}

test('settled waits for what goes on behind an event that has left its conversation', async (t) => {
  const { app } = await createApp(t, { inbox: new ModelInbox(), retry: { ...LATER, blockFor: 0 } })
  const hold = gate()
  let through = false
  app.webhooks.on('newMessage', async ({ message: { content } }) => {
    if (content === 'fails') throw new Error('as it was told')
    await hold.promise
    through = true
  })
  for (const content of ['fails', 'behind']) await post(app, in_('a', content))
  const settling = settled(app).then(() => through)
  while ((await app.webhooks.inbox.stats()).failing === 0) await turns()
  for (let i = 0; i < 20; i++) await turns()
  hold.resolve(undefined)
  t.equal(await settling, true, 'not before')
})

for (const options of [{}, { inbox: memoryInbox({ history: 1 }) }]) {
  test(`with the memory inbox, an event is delivered as often as it is asked for, ${JSON.stringify(Object.keys(options))}`, async (t) => {
    const { app } = await createApp(t, options)
    const heard: unknown[] = []
    app.webhooks.on('newMessage', (event, { id }) => {
      heard.push([id, structuredClone(event)])
      event.message.content = 'changed by a listener'
    })
    const event = in_('a', 'three times')
    const { id } = (await post(app, `\ufeff${JSON.stringify(event)}`, { deliveries: 3 })).json<{ id: string }>()
    t.same(heard, Array.from({ length: 3 }, () => [id, event]))
    await settled(app)
  })
}

test('an invalid event goes to its listeners again', async (t) => {
  const { app } = await createApp(t)
  const heard: unknown[] = []
  app.webhooks.on('invalid', (_event, { problems }) => { heard.push(problems) })
  t.match((await post(app, '{"event":"newMessage"}', { deliveries: 2 })).json(), { status: 'invalid' })
  t.equal(heard.length, 2)
  t.same(heard[0], heard[1])
})

test('what is refused, fails or is a repeat is not delivered again', async (t) => {
  const { app } = await createApp(t, { secret: 'key' })
  let calls = 0
  app.webhooks.on('newMessage', ({ message: { content } }) => {
    calls++
    if (content === 'fails') throw new Error('as it was told')
  })
  const options = { secret: 'key', deliveries: 2 }
  const event = in_('a', 'once')
  await post(app, event, { secret: 'key' })
  t.match((await post(app, event, options)).json(), { status: 'duplicate' })
  t.equal((await post(app, event, { ...options, secret: 'another' })).statusCode, 401)
  t.equal(calls, 1)
  t.equal((await post(app, in_('a', 'fails'), options)).statusCode, 500)
  t.equal(calls, 2)
})

test('what cannot be done is said', async (t) => {
  const { app } = await createApp(t)
  for (const deliveries of [0, 1.5, -1]) await t.rejects(post(app, newMessage(), { deliveries }), { code: 'FST_ONEROUTE_INVALID_OPTION', message: '`deliveries` must be an integer of 1 or more' })
  const bare = Fastify()
  await t.rejects(settled(bare), { code: 'FST_ONEROUTE_NOT_REGISTERED' })
  await t.rejects(post(bare, newMessage(), { deliveries: 2 }), { code: 'FST_ONEROUTE_NOT_REGISTERED' })
  const other = Fastify()
  other.decorate('webhooks', {} as never) // something else of that name
  await t.rejects(settled(other), { code: 'FST_ONEROUTE_NOT_REGISTERED' })
})
