import { createHash } from 'node:crypto'
import { test } from 'tap'
import type { Test } from 'tap'
import { memoryInbox } from '../../index.ts'
import type { Inbox, NewMessage } from '../../index.ts'
import { sqliteInbox } from '../../lib/inbox/sqlite/inbox.ts'
import { until } from '../faults/helpers/until.ts'
import { answerOf, createApp, message, post } from '../helpers/app.ts'
import { ModelInbox } from '../helpers/model-inbox.ts'
import { temporaryFile } from '../helpers/sqlite.ts'

const INBOXES: ReadonlyArray<[name: string, create: (t: Test) => Inbox]> = [
  ['memory', () => memoryInbox({ history: 10 })],
  ['a model', () => new ModelInbox()],
  ['SQLite', (t) => sqliteInbox({ path: temporaryFile(t) })]
]

/** The same message, as a sender would write it that builds it anew. */
function builtAnew (event: NewMessage): NewMessage {
  return { ...event, conversation: { ...event.conversation, updatedAt: new Date().toISOString(), status: 'answered' } }
}

for (const [name, create] of INBOXES) {
  test(`${name}: posts with the same key are one event`, async (t) => {
    const { app } = await createApp(t, { inbox: create(t), key: ({ message }) => (message as NewMessage['message'] | undefined)?.externalId })
    const heard: string[] = []
    app.webhooks.on('event', ({ event }, { id }) => { heard.push(`${event} ${id}`) })
    const event = message()
    event.message.externalId = 'wamid.1'
    const id = createHash('sha256').update('wamid.1').digest('base64url')
    t.same(answerOf(await post(app, event)), { status: 'accepted', id })
    t.same(answerOf(await post(app, builtAnew(event))), { status: 'duplicate', id })
    const other = { event: 'other' }
    t.match(answerOf(await post(app, other)), { status: 'accepted', id: createHash('sha256').update(JSON.stringify(other)).digest('base64url') })
    t.match(answerOf(await post(app, other)), { status: 'duplicate' })
    await until(async () => (await app.webhooks.inbox.stats()).pending === 0)
    t.equal(heard.length, 2)
    t.ok(heard.includes(`newMessage ${id}`))
    t.match(await app.webhooks.inbox.get(id), { state: 'done' })
  })

  test(`${name}: an empty key is none`, async (t) => {
    const { app } = await createApp(t, { inbox: create(t), key: () => '' })
    app.webhooks.on('unknown', () => {})
    t.match(answerOf(await post(app, { event: 'one' })), { status: 'accepted' })
    t.match(answerOf(await post(app, { event: 'two' })), { status: 'accepted' })
    t.match(answerOf(await post(app, { event: 'two' })), { status: 'duplicate' })
  })

  test(`${name}: with null for a key each post is an event of its own`, async (t) => {
    const { app } = await createApp(t, { inbox: create(t), key: () => null })
    let times = 0
    app.webhooks.on('unknown', () => { times++ })
    const ids = new Set<unknown>()
    for (let i = 0; i < 3; i++) {
      const answer = answerOf(await post(app, { event: 'closed' }))
      t.match(answer, { status: 'accepted', id: /^[\w-]{43}$/ })
      ids.add(answer.id)
    }
    await until(async () => (await app.webhooks.inbox.stats()).pending === 0)
    t.equal(ids.size, 3)
    t.equal(times, 3)
  })

  test(`${name}: a dead event that is posted again is delivered, to all of its listeners`, async (t) => {
    const inbox = create(t)
    const { app } = await createApp(t, { inbox, retry: { attempts: 1 }, key: () => 'the same' })
    const heard: string[] = []
    let broken = true
    app.webhooks.on('newMessage', function fine ({ message }) { heard.push(`fine ${message.content}`) })
    app.webhooks.on('newMessage', function ill ({ message }) {
      if (broken) throw new Error('broken')
      heard.push(`ill ${message.content}`)
    })
    await post(app, message('a', 'first'))
    await until(async () => (await app.webhooks.inbox.stats()).dead === 1)
    broken = false
    t.match(answerOf(await post(app, message('b', 'second'))), { status: 'accepted' })
    await until(async () => (await app.webhooks.inbox.stats()).done === 1)
    t.same(heard, ['fine first', 'fine second', 'ill second'], 'as it is by now')
    t.match(answerOf(await post(app, message('c', 'third'))), { status: 'duplicate' })
    t.match(await app.webhooks.inbox.stats(), { done: 1, pending: 0 })
  })
}

for (const [what, key] of [['throws', () => { throw new TypeError('no id of jane@example.com') }], ['returns something else', () => 5 as unknown as string]] as const) {
  test(`a key option that ${what} is told of, and the event is not accepted`, async (t) => {
    const { app, lines } = await createApp(t, { key })
    const reply = await post(app, message())
    t.equal(reply.statusCode, 500)
    t.match(answerOf(reply), { code: 'FST_ONEROUTE_KEY' })
    t.notMatch(reply.body, 'jane')
    t.match(lines.filter(({ level }) => level === 50), [{ err: { code: 'FST_ONEROUTE_KEY' } }])
  })
}

test('a lane option may say null where there is nothing to go by', async (t) => {
  const inbox = new ModelInbox()
  const { app } = await createApp(t, { inbox, lane: () => null })
  const { id } = answerOf(await post(app, message()))
  t.match(await app.webhooks.inbox.list(), [{ id, lane: id }])
})
