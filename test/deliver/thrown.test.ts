import { inspect } from 'node:util'
import { test } from 'tap'
import { memoryInbox } from '../../index.ts'
import type { DeliveryError } from '../../index.ts'
import { errorOf } from '../../lib/errors/error-of.ts'
import { createApp, message, post, turns } from '../helpers/app.ts'
import { ModelInbox } from '../helpers/model-inbox.ts'

const withMessage = (value: unknown) => Object.assign(new Error('x'), { message: value })
const thrower = (what: string) => (): never => { throw new Error(`from ${what}`) }
const throwing = (what: string) => ({ get: thrower(what) })

function revoked (): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

/** What listeners may throw, and what is made of its message. */
const THROWN: ReadonlyArray<readonly [what: string, make: () => unknown, shown: string]> = [
  ['an error', () => new TypeError('broken'), 'broken'],
  ['an error without a message', () => new TypeError(), 'TypeError'],
  ['an error with neither name nor message', () => Object.assign(new Error(), { name: '' }), 'Error'],
  ['a message that is null', () => withMessage(null), 'Error'],
  ['a message that is undefined', () => withMessage(undefined), 'Error'],
  ['a message that is a bigint', () => withMessage(5n), '5n'],
  ['a message that is a symbol', () => withMessage(Symbol('x')), 'Symbol(x)'],
  ['a message that is an object without a prototype', () => withMessage(Object.create(null)), '[Object: null prototype] {}'],
  ['a message that is an object', () => withMessage({ code: 5 }), '{ code: 5 }'],
  ['a message that is a getter that throws', () => Object.defineProperty(new Error(), 'message', throwing('a getter')), 'Error'],
  ['a name that is a getter that throws', () => Object.defineProperty(new Error('broken'), 'name', throwing('a getter')), 'broken'],
  ['a stack that is a getter that throws', () => Object.defineProperty(new Error('broken'), 'stack', throwing('a getter')), 'broken'],
  ['a code that is a getter that throws', () => Object.defineProperty(new Error('broken'), 'code', throwing('a getter')), 'broken'],
  ['a proxy that is revoked', revoked, '<Revoked Proxy>'],
  ['an error whose message is a revoked proxy', () => withMessage(revoked()), '<Revoked Proxy>'],
  ['a proxy of an error that throws at everything', () => new Proxy(new Error(), { get: thrower('a trap'), getPrototypeOf: thrower('a trap') }), ''],
  ['an object whose inspect throws', () => ({ [inspect.custom]: thrower('inspect') }), '{'],
  ['an object whose tag is a getter that throws', () => Object.defineProperty({}, Symbol.toStringTag, throwing('a tag')), ''],
  ['an object whose class has a name that throws', (): unknown => Object.create({ constructor: Object.defineProperty(() => {}, 'name', throwing('a name')) }), 'what was thrown cannot be shown (object)'],
  ['a string', () => 'broken', 'broken'],
  ['nothing', () => undefined, 'undefined'],
  ['null', () => null, 'null'],
  ['a symbol', () => Symbol('x'), 'Symbol(x)'],
  ['a function', () => function broken () {}, '[Function: broken]'],
  ['an error of 12 MB', () => new Error('<html>'.repeat(2_000_000)), '<html>']
]

test('of whatever is thrown, an error is made that can be shown', async (t) => {
  for (const [what, make, shown] of THROWN) {
    const { name, message, stack } = errorOf(make())
    t.ok(message.startsWith(shown), `${what}: ${message.slice(0, 60)}`)
    t.ok(message.length < 5_000 && String(stack).length < 20_000 && name.length < 300, 'shortened')
  }
})

for (const mode of ['sync', 'async'] as const) {
  test(`whatever a listener throws, ${mode}, it is kept with the event, logged and reported, and holds nothing up`, async (t) => {
    const inbox = new ModelInbox()
    const { app, lines } = await createApp(t, { inbox, retry: { attempts: 2, minDelay: 1, maxDelay: 1 } })
    const errors: DeliveryError[] = []
    const heard: unknown[] = []
    app.webhooks.on('error', (error) => { errors.push(error) })
    const listener = ({ message: { content } }: { message: { content?: unknown } }) => {
      const thrown = THROWN[Number(content)]
      if (thrown !== undefined) throw thrown[1]()
      heard.push(content)
    }
    app.webhooks.on('newMessage', mode === 'sync' ? listener : async (event) => { await turns(); listener(event) })
    for (const [i] of THROWN.entries()) {
      await post(app, message(`conversation ${i}`, String(i)))
      await post(app, message(`conversation ${i}`, `behind ${i}`))
    }
    while (inbox.stats().pending > 0) await turns()
    t.equal(heard.length, THROWN.length, 'what is behind is delivered')
    t.match(inbox.stats(), { dead: THROWN.length, done: THROWN.length })
    t.equal(errors.length, 2 * THROWN.length)
    t.equal(lines.filter(({ msg, level }) => level === 50 && msg.includes('a listener failed')).length, THROWN.length)
    for (const { error, event, deliveries } of inbox.list({ state: 'dead' })) {
      const shown = String(THROWN[Number((event as unknown as { message: { content: string } }).message.content)]?.[2])
      t.ok(error?.startsWith(`${mode === 'sync' ? 'listener' : 'listener 1'}: ${shown}`), String(error?.slice(0, 60)))
      t.ok(Number(error?.length) < 5_000)
      t.ok(deliveries.length === 2 && deliveries.every(({ failures: [failure] }) => failure?.error.startsWith(shown.slice(0, 1_000))))
    }
  })
}

test('whatever a listener of errors throws is logged', async (t) => {
  const { app, lines } = await createApp(t, { inbox: memoryInbox() })
  let made: () => unknown = () => undefined
  app.webhooks.on('newMessage', () => { throw new Error('broken') })
  app.webhooks.on('error', () => { throw made() })
  app.webhooks.on('error', async () => { await turns(); throw made() })
  for (const [, make] of THROWN) {
    made = make
    t.equal((await post(app, message())).statusCode, 500)
  }
  await turns()
  t.equal(lines.filter(({ msg }) => msg === "a listener of 'error' failed itself").length, 2 * THROWN.length)
})

test('a logger that throws at a failure holds no conversation up', async (t) => {
  const inbox = new ModelInbox()
  let isBroken = false
  const serializers = { err: ({ name, message }: Error) => { if (isBroken) throw new Error('a serializer'); return { type: name, message, stack: '' } } }
  const { app } = await createApp(t, { inbox, retry: { attempts: 2, minDelay: 1, maxDelay: 1 } }, { logger: { level: 'info', serializers, stream: { write () {} } } })
  app.webhooks.on('newMessage', ({ message: { content } }) => {
    if (content === 'bad') throw new Error('broken')
  })
  app.webhooks.on('newMessage', async ({ message: { content } }) => {
    await turns()
    if (content === 'bad later') throw new Error('broken')
  })
  isBroken = true
  for (const content of ['bad', 'behind', 'bad later', 'last']) await post(app, message('a', content))
  while (inbox.stats().pending > 0) await turns()
  isBroken = false
  t.match(inbox.stats(), { done: 2, dead: 2 })
  for (const { error } of inbox.list({ state: 'dead' })) t.equal(error, 'what became of it could not be told: a serializer')
})

test('a memory inbox answers 500 to what a broken logger keeps from being told', async (t) => {
  const serializers = { err: () => { throw new Error('a serializer') } }
  const { app } = await createApp(t, {}, { logger: { level: 'info', serializers, stream: { write () {} } } })
  app.webhooks.on('newMessage', () => { throw new Error('broken') })
  await t.rejects(app.webhooks.receive(message()), { code: 'FST_ONEROUTE_NOT_DELIVERED' })
})

test('an inbox that cannot take a lane back either is said so once, and the app goes on', async (t) => {
  const inbox = new ModelInbox()
  const given: number[] = []
  inbox.settle = (_claim, outcomes) => {
    given.push(outcomes.length)
    throw new Error('cannot be written')
  }
  const { app, lines } = await createApp(t, { inbox })
  app.webhooks.on('newMessage', () => {})
  await post(app, message())
  while (given.length < 2) await turns()
  await turns()
  t.same(given, [1, 0])
  t.equal(lines.filter(({ msg }) => msg.startsWith('what became of an event could not be recorded')).length, 1)
  t.equal((await post(app, message('b'))).statusCode, 200)
})

test('an inbox that cannot be handed an outcome gets its lane back', async (t) => {
  const inbox = new ModelInbox()
  const settle = inbox.settle.bind(inbox)
  let isBroken = true
  inbox.settle = (claim, outcomes) => {
    if (isBroken && outcomes.length > 0) throw new Error('cannot be written')
    return settle(claim, outcomes)
  }
  const { app, lines } = await createApp(t, { inbox })
  app.webhooks.on('newMessage', () => {})
  await post(app, message())
  while (!lines.some(({ msg }) => msg.startsWith('what became of an event could not be recorded'))) await turns()
  isBroken = false
  while (inbox.stats().pending > 0) await turns()
  t.match(inbox.stats(), { done: 1 })
})
