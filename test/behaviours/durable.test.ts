import { once } from 'node:events'
import { test } from 'tap'
import type { DeliveryError, Inbox } from '../../index.ts'
import { answerOf, createApp, fixture, gate, message, post, turns } from '../helpers/app.ts'
import { ModelInbox } from '../helpers/model-inbox.ts'

const RETRY = { attempts: 3, minDelay: 1, maxDelay: 4, factor: 2 }

/** Lets events be delivered, and tried again, until none is pending. */
async function settled (inbox: Inbox): Promise<void> {
  while ((await inbox.stats()).pending > 0) await turns()
}

test('with a durable inbox the reply does not wait for listeners', async (t) => {
  const inbox = new ModelInbox()
  const { app } = await createApp(t, { inbox })
  const held = gate()
  app.webhooks.on('newMessage', async () => { await held.promise })
  const event = message()
  t.match(answerOf(await post(app, event)), { status: 'accepted' })
  t.match(answerOf(await post(app, event)), { status: 'duplicate' })
  t.match(await app.webhooks.inbox.stats(), { pending: 1, done: 0 })
  held.resolve(undefined)
  await settled(inbox)
  t.match(await app.webhooks.inbox.stats(), { pending: 0, done: 1 })
})

test('events wait for the first listener, and not for one of errors', async (t) => {
  const inbox = new ModelInbox()
  const { app } = await createApp(t, { inbox })
  const heard: unknown[] = []
  app.webhooks.on('error', () => { t.fail('no error') })
  await post(app, message('a', '1'))
  await turns()
  t.match(await app.webhooks.inbox.stats(), { pending: 1 })
  app.webhooks.on('newMessage', ({ message }) => { heard.push(message.content) })
  await settled(inbox)
  t.same(heard, ['1'])
  app.webhooks.removeAllListeners()
  await post(app, message('a', '2'))
  await turns()
  t.match(await app.webhooks.inbox.stats(), { pending: 1 })
  app.webhooks.on('newMessage', ({ message }) => { heard.push(message.content) })
  await settled(inbox)
  t.same(heard, ['1', '2'])
})

test('of a claim that another process may have taken over, no more is delivered', async (t) => {
  const leases: Array<{ isHeld: boolean }> = []
  const inbox = new class extends ModelInbox {
    override async claim (lanes: number) {
      const claims = await super.claim(lanes)
      return claims.map((claim) => Object.setPrototypeOf(claim, leases[leases.push({ isHeld: true }) - 1] ?? null) as typeof claim) // with its `isHeld`
    }
  }()
  const { app } = await createApp(t, { inbox })
  for (const content of ['1', '2', '3']) await post(app, message('a', content))
  const heard: string[] = []
  app.webhooks.on('newMessage', async ({ message: { content } }) => {
    heard.push(`${content} in claim ${leases.length}`)
    for (const lease of leases) lease.isHeld = content !== '2'
    await Promise.resolve()
  })
  await settled(inbox)
  t.same(heard, ['1 in claim 1', '2 in claim 1', '3 in claim 2'])
})

test('a failed event is tried again, only with the listeners that failed, and holds its conversation', async (t) => {
  const inbox = new ModelInbox()
  const { app, lines } = await createApp(t, { inbox, retry: RETRY })
  const heard: string[] = []
  const errors: DeliveryError[] = []
  app.webhooks.on('newMessage', ({ message }) => { heard.push(`fine ${message.content}`) })
  app.webhooks.on('newMessage', function flaky ({ message }, { attempt }) {
    heard.push(`flaky ${message.content}, attempt ${attempt}`)
    if (message.content === 'a1' && attempt < 3) throw new Error('not yet')
  })
  app.webhooks.on('event', function flaky ({ event }) { heard.push(`also called flaky: ${event}`) })
  app.webhooks.on('error', (error) => { errors.push(error) })
  for (const event of [message('a', 'a1'), message('a', 'a2')]) await post(app, event)
  await settled(inbox)
  t.same(heard, [
    'fine a1', 'flaky a1, attempt 1', 'also called flaky: newMessage', 'flaky a1, attempt 2', 'flaky a1, attempt 3',
    'fine a2', 'flaky a2, attempt 1', 'also called flaky: newMessage'
  ])
  t.match(errors, [{ listener: 'flaky', dead: false, retryAt: Date }, { listener: 'flaky', dead: false, retryAt: Date }])
  t.equal(lines.filter(({ level, retryAt }) => level === 40 && typeof retryAt === 'string').length, 2)
})

test('an event is dead after its last attempt, frees its conversation, and can be replayed', async (t) => {
  const inbox = new ModelInbox()
  const { app, lines } = await createApp(t, { inbox, retry: RETRY })
  const heard: string[] = []
  const errors: DeliveryError[] = []
  let broken = true
  app.webhooks.on('newMessage', ({ message }, { attempt }) => {
    heard.push(`${message.content} ${attempt}`)
    if (message.content === 'bad' && broken) throw new Error('broken')
  })
  app.webhooks.on('error', (error) => { errors.push(error) })
  for (const event of [message('a', 'bad'), message('a', 'good')]) await post(app, event)
  await settled(inbox)
  t.same(heard, ['bad 1', 'bad 2', 'bad 3', 'good 1'])
  t.same(errors.map(({ dead }) => dead), [false, false, true])
  t.equal(lines.filter(({ level }) => level === 50).length, 1)
  const [dead] = await app.webhooks.inbox.list({ state: 'dead' })
  t.match(dead, { attempts: 3, error: 'listener 1: broken' })
  broken = false
  t.equal(await app.webhooks.inbox.replay([dead?.id ?? '']), 1)
  await settled(inbox)
  t.equal(heard.at(-1), 'bad 1')
})

test('listeners that time out are tried again too, once they have ended', async (t) => {
  const inbox = new ModelInbox()
  const { app } = await createApp(t, { inbox, retry: RETRY, timeout: 5 })
  const attempts: number[] = []
  app.webhooks.on('newMessage', async (_event, { attempt, signal }) => {
    attempts.push(attempt)
    if (attempt > 1) return
    await once(signal, 'abort')
    throw signal.reason
  })
  await post(app, message())
  await settled(inbox)
  t.same(attempts, [1, 2])
})

test('an inbox that cannot be asked is asked again, and one that cannot record loses nothing', async (t) => {
  const inbox = new ModelInbox()
  const claim = inbox.claim.bind(inbox)
  const settle = inbox.settle.bind(inbox)
  const faults = { claim: 1, settle: 1 }
  inbox.claim = async (lanes) => {
    if (faults.claim-- > 0) throw new Error('away')
    return await claim(lanes)
  }
  inbox.settle = async (held, outcomes) => {
    const fault = faults.settle-- > 0
    await settle(held, fault ? [] : outcomes)
    if (fault) throw new Error('away')
  }
  const { app, lines } = await createApp(t, { inbox })
  let times = 0
  app.webhooks.on('newMessage', () => { times++ })
  await post(app, message())
  await settled(inbox)
  t.equal(times, 2, 'at least once')
  t.ok(lines.some(({ level, msg }) => level === 50 && msg.includes('no events could be taken')))
  t.ok(lines.some(({ level, msg }) => level === 50 && msg.includes('could not be recorded')))
})

test('a process that only receives delivers nothing, and one that only delivers has no route', async (t) => {
  const receiver = await createApp(t, { inbox: new ModelInbox(), deliver: false })
  receiver.app.webhooks.on('newMessage', () => { t.fail('delivered') })
  t.equal((await post(receiver.app, fixture('new-message'))).statusCode, 200)
  await turns()
  t.match(await receiver.app.webhooks.inbox.stats(), { pending: 1 })

  const deliverer = await createApp(t, { inbox: new ModelInbox(), receive: false })
  t.equal((await post(deliverer.app, fixture('new-message'))).statusCode, 404)
})

test('an inbox that throws instead of rejecting is treated alike', async (t) => {
  const inbox = new ModelInbox()
  const claim = inbox.claim.bind(inbox)
  const settle = inbox.settle.bind(inbox)
  const faults = { claim: 1, settle: 1 }
  inbox.claim = (lanes) => {
    if (faults.claim-- > 0) throw new Error('away')
    return claim(lanes)
  }
  inbox.settle = (held, outcomes) => {
    if (faults.settle-- <= 0) return settle(held, outcomes)
    void settle(held, [])
    throw new Error('away')
  }
  const { app } = await createApp(t, { inbox })
  let times = 0
  app.webhooks.on('newMessage', () => { times++ })
  await post(app, message())
  await settled(inbox)
  t.equal(times, 2)
})

test('an inbox that answers a claim with something else is asked again', async (t) => {
  const inbox = new ModelInbox()
  const claim = inbox.claim.bind(inbox)
  let faults = 1
  inbox.claim = (lanes) => faults-- > 0 ? undefined as never : claim(lanes)
  const { app, lines } = await createApp(t, { inbox })
  let times = 0
  app.webhooks.on('newMessage', () => { times++ })
  await post(app, message())
  await settled(inbox)
  t.equal(times, 1)
  t.ok(lines.some(({ msg }) => msg === 'no events could be taken from the inbox'))
})
