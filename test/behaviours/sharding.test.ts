import tap, { test } from 'tap'
import { shardedInbox } from '../../examples/sharded-inbox.ts'
import { postgresInbox } from '../../lib/inbox/postgres/inbox.ts'
import { createApp, message, turns } from '../helpers/app.ts'
import { postgresUrl, schemas } from '../helpers/postgres.ts'
import { newEvent } from '../inbox/conformance.ts'

const url = await postgresUrl(tap)
const newSchema = schemas(tap, url)

test('conversations over several databases: each keeps its order, and repeats are dropped', async (t) => {
  const shards = ['one', 'two', 'three'].map(() => newSchema())
  const inboxOf = (schema: string) => postgresInbox({ connectionString: url, schema })
  const receivers = await Promise.all([1, 2].map(async () => (await createApp(t, { inbox: shardedInbox(shards.map(inboxOf)), deliver: false })).app))
  const [receiver, other] = receivers
  if (receiver === undefined || other === undefined) return
  for (const app of receivers) await app.ready()

  const bodies = Array.from({ length: 60 }, (_, i) => message(`conversation ${i % 12}`, String(i).padStart(2, '0')))
  t.same(await other.webhooks.inbox.stats(), { pending: 0, failing: 0, done: 0, dead: 0, invalid: 0, oldestPendingAt: null, lastReceivedAt: null })
  for (const [i, body] of bodies.entries()) t.match(await receivers[i % 2]?.webhooks.receive(body), { status: 'accepted' })
  for (const body of bodies) t.match(await receiver.webhooks.receive(body), { status: 'duplicate' })
  t.match(await receiver.webhooks.inbox.stats(), { pending: 60, oldestPendingAt: Date, lastReceivedAt: Date })

  const heard = await Promise.all(shards.map(async (schema) => {
    const { app } = await createApp(t, { inbox: inboxOf(schema), receive: false })
    const contents = new Map<string, unknown[]>()
    app.webhooks.on('newMessage', ({ conversation: { id }, message: { content } }) => { contents.set(id, [...contents.get(id) ?? [], content]) })
    await app.ready()
    return contents
  }))
  while ((await receiver.webhooks.inbox.stats()).done < 60) await turns()
  t.ok(heard.every(({ size }) => size > 0), 'each has some of them')
  t.equal(heard.reduce((count, { size }) => count + size, 0), 12, 'and each conversation is in one')
  for (const contents of heard) for (const events of contents.values()) t.same(events, events.toSorted())

  const [last] = await other.webhooks.inbox.list({ limit: 1, state: 'done' })
  t.same(last?.event, bodies.at(-1))
  t.same(await other.webhooks.inbox.get(last?.id ?? ''), last)
  t.equal(await other.webhooks.inbox.replay([last?.id ?? '', 'unknown']), 1)
})

test('who only receives has nothing to deliver', async (t) => {
  const inbox = shardedInbox([])
  t.same(await inbox.claim(1), [])
  await inbox.settle({ lane: 'a', events: [] }, [])
  t.throws(() => inbox.add(newEvent('a')), { message: 'there has to be a shard' })
})
