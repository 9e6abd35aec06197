import { test } from 'tap'
import { memoryInbox, Webhooks } from '../../index.ts'
import type { CollectOptions, InboxView } from '../../index.ts'
import { Collectors, collectorOf } from '../../lib/webhooks/collectors.ts'
import { createApp } from '../helpers/app.ts'
import { ModelInbox } from '../helpers/model-inbox.ts'

const nothing = () => {}

function collecting () {
  let subscribed = 0
  const inbox = {} as InboxView // which nobody looks at here
  const webhooks = new Webhooks({ receive: async () => ({ status: 'accepted', id: '' }), inbox, names: ['newMessage'], collects: true, onSubscribe: () => { subscribed++ } })
  return { webhooks, subscribed: () => subscribed }
}

test('an inbox that does not keep what waits refuses collectors', async (t) => {
  for (const inbox of [memoryInbox(), new ModelInbox(), Object.assign(memoryInbox(), { collects: true })]) {
    const { app } = await createApp(t, { inbox })
    t.throws(() => app.webhooks.collect('newMessage', {}, nothing), { code: 'FST_ONEROUTE_COLLECT', name: 'FastifyError', message: /needs a durable inbox/ })
  }
})

test('the options of collect are checked, and have defaults', (t) => {
  t.match(collectorOf('newMessage', {}, nothing), { name: 'newMessage', quiet: 2_000, within: 15_000, most: 20 })
  t.match(collectorOf('newMessage', { quiet: 20_000 }, nothing), { within: 20_000 })
  const { webhooks } = collecting()
  for (const [options, message] of [
    [{ quiet: 0 }, '`quiet` of the options of `collect` must be an integer from 1 to 2147483647, got 0 (number)'],
    [{ quiet: 10, within: 9 }, '`within` of the options of `collect` must be `quiet` at least, which is 10, got 9'],
    [{ most: 101 }, '`most` of the options of `collect` must be an integer from 1 to 100, got 101 (number)'],
    [{ quite: 1 }, '`quite` is not one of the options of `collect`: they are quiet, within, most'],
    [null, 'the options of `collect` must be an object, got null']
  ] as const) {
    t.throws(() => webhooks.collect('newMessage', options as unknown as CollectOptions, nothing), { code: 'FST_ONEROUTE_INVALID_OPTION', message }, message)
  }
  t.throws(() => webhooks.collect('newMessage', nothing as CollectOptions, undefined as unknown as typeof nothing), { code: 'FST_ONEROUTE_INVALID_OPTION', message: /its options come before it/ })
  t.end()
})

test('names that never come, and what is invalid, are refused', (t) => {
  const { webhooks } = collecting()
  for (const name of ['newmessage', 'invalid', 'error', '']) {
    t.throws(() => webhooks.collect(name as 'newMessage', {}, nothing), { code: 'FST_ONEROUTE_UNKNOWN_NAME', message: /^Nothing called '\w*' is ever collected: there are [^:]*, unknown, event, and/ }, name)
  }
  t.end()
})

test('a collector that the inbox could take for another is refused', (t) => {
  const { webhooks } = collecting()
  const named = () => function answer () {}
  const code = 'FST_ONEROUTE_INVALID_OPTION'
  const remove = webhooks.collect('newMessage', {}, named())
  for (const name of ['newMessage', 'event'] as const) {
    t.throws(() => webhooks.collect(name, {}, named()), { code, message: "a collector of 'newMessage' is called 'answer', too: give each one of the same events a function and a name of its own" }, name)
  }
  webhooks.collect('unknown', {}, named())
  remove()
  webhooks.collect('newMessage', {}, named())
  const anonymous = (() => () => {})()
  webhooks.collect('event', {}, anonymous)
  t.throws(() => webhooks.collect('unknown', {}, anonymous), { code, message: /a collector of 'event' has this function, too/ })
  webhooks.collect('event', {}, (() => () => {})())
  t.end()
})

test('a collector is told of, and removed once', async (t) => {
  const { webhooks, subscribed } = collecting()
  const remove = webhooks.collect('event', {}, nothing)
  webhooks.collect('newMessage', {}, () => {})
  await Promise.resolve()
  t.equal(subscribed(), 2)
  const collectors = Webhooks.collectorsOf(webhooks)
  const names = () => collectors.of('newMessage').map(({ name }) => name)
  t.same(names(), ['newMessage', 'event'])
  t.same(collectors.of('invalid'), [])
  remove()
  remove()
  t.same(names(), ['newMessage'])
  t.ok(collectors.areThere)
  t.notOk(new Collectors().areThere)
})
