import { once } from 'node:events'
import { test } from 'tap'
import { DeliveryError } from '../../index.ts'
import { answerOf, createApp, fixture, gate, message, post, turns } from '../helpers/app.ts'

test('the reply is sent after every listener has finished', async (t) => {
  const { app } = await createApp(t)
  const slow = gate()
  const heard: unknown[] = []
  app.webhooks.on('newMessage', ({ message }) => { heard.push(message.content) })
  app.webhooks.on('newMessage', async () => { await slow.promise; heard.push('slow') })
  app.webhooks.on('event', ({ event }) => { heard.push(event) })
  const replying = post(app, message('a', 'hello'))
  let replied = false
  void replying.then(() => { replied = true })
  await turns()
  t.same(heard, ['hello', 'newMessage'])
  t.equal(replied, false)
  slow.resolve(undefined)
  const reply = await replying
  t.equal(reply.statusCode, 200)
  t.match(answerOf(reply), { status: 'accepted', id: /^[\w-]{43}$/ })
  t.same(heard, ['hello', 'newMessage', 'slow'])
})

test('a listener gets the event with its context, and the emitter as this', async (t) => {
  const { app, lines } = await createApp(t)
  const before = Date.now()
  app.webhooks.on('newMessage', function (this: unknown, event, context) {
    t.equal(this, app.webhooks)
    t.strictSame(event, JSON.parse(fixture('new-message').toString()))
    t.equal(context.attempt, 1)
    t.ok(context.receivedAt.getTime() >= before && context.receivedAt.getTime() <= Date.now())
    t.equal(context.signal.aborted, false)
    t.equal(context.signal, context.signal)
    context.log.info('from the listener')
    t.equal(context.log, context.log)
    heard.push(context.id)
  })
  const heard: string[] = []
  const reply = await post(app, fixture('new-message'))
  t.same([answerOf(reply).id], heard)
  t.match(lines.find(({ msg }) => msg === 'from the listener'), { webhook: heard[0], attempt: 1 })
})

test('events go to the name that their schema has, to unknown without one, and all of them to event', async (t) => {
  const { app } = await createApp(t)
  const heard: string[] = []
  app.webhooks.on('smsDeliveryReport', ({ conversation }) => { heard.push(`sms ${conversation.status}`) })
  app.webhooks.on('unknown', ({ event }) => { heard.push(`unknown ${event}`) })
  app.webhooks.on('event', ({ event }) => { heard.push(`event ${event}`) })
  await post(app, fixture('sms-delivery-report'))
  await post(app, { event: 'campaignCompleted' })
  await post(app, { event: 'error' })
  t.same(heard, [
    'sms delivered', 'event smsDeliveryReport', 'unknown campaignCompleted', 'event campaignCompleted', 'unknown error', 'event error'
  ])
})

test('events of one conversation are delivered one at a time and in order, those of others side by side', async (t) => {
  const { app } = await createApp(t)
  const log: string[] = []
  const gates = new Map([['a1', gate()], ['a2', gate()], ['b1', gate()]])
  app.webhooks.on('newMessage', async ({ message: { content } }) => {
    log.push(`begin ${content}`)
    await gates.get(String(content))?.promise
    log.push(`end ${content}`)
  })
  const replies = [post(app, message('a', 'a1')), post(app, message('a', 'a2')), post(app, message('b', 'b1'))]
  await turns()
  t.same(log, ['begin a1', 'begin b1'])
  gates.get('b1')?.resolve(undefined)
  await turns()
  gates.get('a1')?.resolve(undefined)
  await turns()
  t.same(log, ['begin a1', 'begin b1', 'end b1', 'end a1', 'begin a2'])
  gates.get('a2')?.resolve(undefined)
  t.same((await Promise.all(replies)).map(({ statusCode }) => statusCode), [200, 200, 200])
})

test('no more lanes than `concurrency` are delivered at once', async (t) => {
  const { app } = await createApp(t, { concurrency: 2 })
  let running = 0
  let most = 0
  app.webhooks.on('newMessage', async () => {
    most = Math.max(most, ++running)
    await turns()
    running--
  })
  const replies = await Promise.all(Array.from({ length: 10 }, async (_, i) => await post(app, message(`c${i}`))))
  t.ok(replies.every(({ statusCode }) => statusCode === 200))
  t.equal(most, 2)
})

test('the `lane` option says what keeps order; events without a lane wait for nobody', async (t) => {
  const { app } = await createApp(t, { lane: ({ event, group }) => event === 'grouped' ? String(group) : undefined })
  const begun: unknown[] = []
  const held = gate()
  app.webhooks.on('unknown', async ({ n }) => { begun.push(n); await held.promise })
  const replies = [
    { event: 'grouped', group: 1, n: 1 }, { event: 'grouped', group: 1, n: 2 }, { event: 'grouped', group: 2, n: 3 },
    { event: 'free', n: 4 }, { event: 'free', n: 5 }
  ].map(async (event) => await post(app, event))
  await turns()
  t.same(begun, [1, 3, 4, 5])
  held.resolve(undefined)
  await Promise.all(replies)
  t.same(begun, [1, 3, 4, 5, 2])
})

for (const [what, lane] of [
  ['throws', () => { throw new Error('no lane') }],
  ['returns a number', () => 5 as unknown as string]
] as const) {
  test(`a \`lane\` option that ${what} is answered 500 and logged`, async (t) => {
    const { app, lines } = await createApp(t, { lane })
    app.webhooks.on('event', () => { t.fail('delivered') })
    const reply = await post(app, message())
    t.equal(reply.statusCode, 500)
    t.equal(answerOf(reply).code, 'FST_ONEROUTE_LANE')
    t.ok(lines.some(({ level }) => level === 50))
  })
}

test('when a listener fails the others run all the same, and the reply is 500', async (t) => {
  const { app, lines } = await createApp(t)
  const ran: string[] = []
  const errors: DeliveryError[] = []
  app.webhooks.on('newMessage', function first () { ran.push('first'); throw new Error('first is broken') })
  app.webhooks.on('newMessage', async () => { ran.push('second'); await turns(); throw new Error('second is broken') })
  app.webhooks.on('event', () => { ran.push('third') })
  app.webhooks.on('error', (error) => { errors.push(error) })
  const event = message()
  const reply = await post(app, event)
  t.same(ran, ['first', 'second', 'third'])
  t.equal(reply.statusCode, 500)
  t.equal(answerOf(reply).code, 'FST_ONEROUTE_NOT_DELIVERED')
  t.notMatch(reply.body, 'broken')
  t.same(errors.map(({ listener }) => listener), ['first', 'listener 2'])
  const [error] = errors
  t.type(error, DeliveryError)
  t.match(error, { code: 'FST_ONEROUTE_LISTENER_FAILED', dead: true, retryAt: null, cause: { message: 'first is broken' } })
  t.same(error?.event, event)
  t.equal(error?.context.attempt, 1)
  const logged = lines.filter(({ level, msg }) => level === 50 && msg.includes('a listener failed'))
  t.equal(logged.length, 2)
  t.notMatch(JSON.stringify(logged), event.message.content)
})

test('a failure that nobody listens for is only logged, whatever was thrown', async (t) => {
  const { app, lines } = await createApp(t)
  const things: unknown[] = ['a string', undefined, null, Symbol('a symbol'), Object.create(null), { toString: null }]
  app.webhooks.on('newMessage', () => {
    throw things.at(-1)
  })
  for (; things.length > 0; things.pop()) {
    lines.length = 0
    t.equal((await post(app, message())).statusCode, 500)
    t.ok(lines.some(({ level, msg }) => level === 50 && msg.includes('a listener failed')))
  }
})

test('a listener for errors that fails itself is logged, and changes nothing', async (t) => {
  const { app, lines } = await createApp(t)
  app.webhooks.on('newMessage', () => { throw new Error('broken') })
  app.webhooks.on('error', () => { throw new Error('sync') })
  app.webhooks.on('error', async () => { await turns(); throw new Error('async') })
  t.equal((await post(app, message())).statusCode, 500)
  await turns()
  t.equal(lines.filter(({ msg }) => msg === "a listener of 'error' failed itself").length, 2)
})

test('a listener that takes longer than `timeout` has failed, and its signal is aborted', async (t) => {
  const { app, lines } = await createApp(t, { timeout: 20 })
  const late = gate()
  const errors: DeliveryError[] = []
  let aborted: unknown
  app.webhooks.on('newMessage', async (_event, { signal }) => {
    await once(signal, 'abort')
    aborted = signal.reason
    await late.promise
    throw new Error('too late')
  })
  app.webhooks.on('error', (error) => { errors.push(error) })
  const reply = await post(app, message())
  t.equal(reply.statusCode, 500)
  t.match(aborted, { code: 'FST_ONEROUTE_LISTENER_TIMEOUT', message: 'The listener took longer than 20 ms' })
  t.same(errors.map(({ listener, cause }) => [listener, cause]), [['listener 1', aborted]])
  late.resolve(undefined)
  await turns()
  t.ok(lines.some(({ msg }) => msg === 'a listener failed after it had been given up'))
})

test('an event that no listener wants is done; that nobody listens at all is said once', async (t) => {
  const { app, lines } = await createApp(t)
  const warnings = () => lines.filter(({ level, msg }) => level === 40 && msg.includes('nobody listens')).length
  t.equal((await post(app, message())).statusCode, 200)
  t.equal((await post(app, message())).statusCode, 200)
  t.equal(warnings(), 1)
  app.webhooks.on('smsDeliveryReport', () => { t.fail('not its name') })
  t.equal((await post(app, message())).statusCode, 200)
  t.equal(warnings(), 1)
})

test('that no listener wants the events of a name that has a schema is said once a name', async (t) => {
  const { app, lines } = await createApp(t)
  app.webhooks.on('newMessage', () => {})
  const report = (id: string) => JSON.stringify({ event: 'smsDeliveryReport', conversation: { id } })
  for (const body of [report('1'), report('2'), message(), { event: 'campaign\nCompleted' }, { event: 'other' }]) {
    t.equal((await post(app, body)).statusCode, 200)
  }
  t.match(lines.filter(({ level }) => level === 40).slice(1), [{ event: 'smsDeliveryReport', msg: 'no listener wants events of this name: they are answered, and that is all' }])
  t.equal(lines.filter(({ level }) => level === 40).length, 2, 'besides that they are unsigned')
  t.same(lines.filter(({ msg }) => msg === 'no listener wants this event').map(({ level, event }) => [level, event]), [
    [20, 'smsDeliveryReport'], [20, 'smsDeliveryReport'], [20, 'campaign?Completed'], [20, 'other']
  ])
  t.same(lines.filter(({ msg }) => msg === 'a webhook was taken in').map(({ event }) => event), [
    'smsDeliveryReport', 'smsDeliveryReport', 'newMessage', 'campaign?Completed', 'other'
  ])
})

test('listeners may be functions that return a thenable of their own', async (t) => {
  const { app } = await createApp(t)
  const broken = { get then () { throw new Error('a getter') } }
  app.webhooks.on('newMessage', () => ({ then: (resolve: (value: unknown) => void) => { resolve(1) } }))
  t.equal((await post(app, message())).statusCode, 200)
  app.webhooks.on('newMessage', () => broken)
  t.equal((await post(app, message())).statusCode, 500)
})

test('a signal that is first read when the time is up is aborted already', async (t) => {
  const { app } = await createApp(t, { timeout: 5 })
  const late = gate()
  const read = Promise.withResolvers<AbortSignal>()
  app.webhooks.on('newMessage', async (_event, context) => {
    await late.promise
    read.resolve(context.signal)
  })
  t.equal((await post(app, message())).statusCode, 500)
  late.resolve(undefined)
  t.match((await read.promise).reason, { code: 'FST_ONEROUTE_LISTENER_TIMEOUT' })
})

test('a listener of once is known by its own name', async (t) => {
  const { app } = await createApp(t)
  const names: string[] = []
  app.webhooks.on('error', ({ listener }) => { names.push(listener) })
  app.webhooks.once('newMessage', function greet () { throw new Error('broken') })
  app.webhooks.once('newMessage', () => { throw new Error('broken') })
  await post(app, message())
  t.same(names, ['greet', 'listener 2'])
})
