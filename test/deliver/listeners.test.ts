import { setImmediate } from 'node:timers/promises'
import Fastify from 'fastify'
import { test } from 'tap'
import type { WebhookContext } from '../../index.ts'
import { hasListeners, isOnce, ListenerKeys, listenersOf, namesOf, report, wanting } from '../../lib/deliver/listeners.ts'
import { collectorOf } from '../../lib/webhooks/collectors.ts'
import { DeliveryError } from '../../lib/webhooks/delivery-error.ts'
import type { ListenerFunction } from '../../lib/webhooks/listener-function.ts'
import { emitter } from './helpers/emitter.ts'

const named = (name: unknown): ListenerFunction => Object.defineProperty(() => {}, 'name', { value: name })

test('listeners of one name are told apart by a number, those without a name by their place', (t) => {
  t.same(namesOf(['save', 'save', 'reply', 'save', 'save', 'reply'].map(named)), ['save', 'save 2', 'reply', 'save 3', 'save 4', 'reply 2'])
  t.same(namesOf([named(''), named('save'), named(5), named('#save'), named('s#')]), ['listener 1', 'save', 'listener 3', 'listener 4', 's#'])
  t.end()
})

test('a listener of `once` goes by the name of what was added', (t) => {
  const webhooks = emitter()
  webhooks.once('newMessage', function save () {})
  webhooks.on('newMessage', function reply () {})
  const listeners = listenersOf(webhooks, 'newMessage')
  t.same(namesOf(listeners), ['save', 'reply'])
  t.same(listeners.map(isOnce), [true, false])
  t.same(new ListenerKeys().of(listeners), ['save', 'reply'])
  t.end()
})

test('a collector is remembered by its name, and never as a listener', (t) => {
  const keys = new ListenerKeys()
  const listeners = ['answer', '', 'sum', ''].map(named)
  const of = (from: number) => keys.ofCollectors(listeners.slice(from).map((listener) => collectorOf('newMessage', {}, listener)))
  const [answer, first, sum, second] = of(0)
  t.same([answer, sum], ['collect:answer', 'collect:sum'])
  t.match([first, second], [/^#\S+ 1 collects$/, /^#\S+ 2 collects$/])
  t.same(of(1), [first, sum, second])
  t.not(first, keys.of(listeners)[1])
  t.end()
})

test('who wants events of a name are its listeners, those of `event`, and its collectors', (t) => {
  const webhooks = emitter()
  webhooks.on('newMessage', function save () {})
  webhooks.on('event', function audit () {})
  webhooks.collect('newMessage', {}, function answer () {})
  webhooks.collect('smsDeliveryReport', {}, function other () {})
  const { listeners, collectors } = wanting(webhooks, 'newMessage')
  t.same(namesOf(listeners), ['save', 'audit'])
  t.same(collectors.map(({ name, listener }) => [name, listener.name]), [['newMessage', 'answer']])
  t.match(wanting(webhooks, 'invalid'), { listeners: [], collectors: [] })
  t.end()
})

test('a listener of `invalid` is remembered as that, and never as another one', (t) => {
  const keys = new ListenerKeys()
  const listeners = ['save', ''].map(named)
  const [save, nameless] = keys.ofInvalid(listeners)
  t.equal(save, 'invalid:save')
  t.match(nameless, /^#\S+ 1 invalid$/)
  t.same([ListenerKeys.isLasting(String(save)), ListenerKeys.isLasting(String(nameless)), keys.isKnown(String(nameless))], [true, false, true])
  t.ok([save, nameless].every((key) => ListenerKeys.isOfInvalid(String(key))))
  const others = [...keys.of(listeners), ...keys.ofCollectors(listeners.map((listener) => collectorOf('newMessage', {}, listener))), 'not invalid', 'my invalid:save', '#a invalid b', 'a #b invalid']
  t.same(others.filter((key) => ListenerKeys.isOfInvalid(key)), [])
  t.end()
})

test('the listeners of `event` come after those of the name, and get nothing that is invalid', (t) => {
  const webhooks = emitter()
  const of = (name: string) => namesOf(listenersOf(webhooks, name))
  webhooks.on('event', function audit () {})
  webhooks.on('newMessage', function save () {})
  webhooks.on('invalid', function mend () {})
  t.same(of('newMessage'), ['save', 'audit'])
  t.same(of('unknown'), ['audit'])
  t.same(of('invalid'), ['mend'])
  t.end()
})

test('a name that only one listener has is its key everywhere; other keys are known where they were made, and stay the same there', (t) => {
  const [here, elsewhere] = [new ListenerKeys(), new ListenerKeys()]
  const listeners = [named('save'), named('twin'), named('twin'), named(''), named('#x')]
  const [save = '', ...others] = here.of(listeners)
  t.equal(save, 'save')
  t.equal(new Set(others).size, 4)
  t.same(here.of(listeners), [save, ...others])
  const [first, alone] = [named(''), named('')]
  t.not(here.of([first])[0], here.of([alone])[0], 'each has a key of its own, alone or not')
  t.same(here.of([alone, first]).reverse(), [...here.of([first]), ...here.of([alone])])
  for (const key of others) {
    t.match(key, /^#[\w-]{36} \d+$/)
    t.ok(here.isKnown(key))
    t.notOk(elsewhere.isKnown(key))
  }
  t.ok(elsewhere.isKnown(save))
  t.end()
})

test('the names of `EventEmitter`, and `error`, are no events to listen for', (t) => {
  const webhooks = emitter()
  const other = () => {}
  t.notOk(hasListeners(webhooks))
  webhooks.on('error', other)
  // As any user of an emitter may: the types know the names of events only.
  for (const name of ['newListener', 'removeListener']) Reflect.apply(webhooks.on.bind(webhooks), undefined, [name, other])
  t.notOk(hasListeners(webhooks))
  webhooks.on('newMessage', other)
  t.ok(hasListeners(webhooks))
  webhooks.off('newMessage', other)
  t.notOk(hasListeners(webhooks))
  t.end()
})

test('every listener of errors is told, and one that fails, now or later, is logged', async (t) => {
  const lines: string[] = []
  const { log } = Fastify({ logger: { stream: { write: (line) => { lines.push(line) } } } })
  const webhooks = emitter()
  const context = {} as WebhookContext // it is only passed on
  const error = new DeliveryError({ event: { event: 'other' }, context, listener: 'save', dead: true, retryAt: null, cause: undefined })
  const told: unknown[] = []
  webhooks.on('error', function (this: unknown, error) { told.push(this, error); throw new Error('at once') })
  webhooks.on('error', async (error) => { told.push(error); await setImmediate(); throw new Error('later') })
  report(webhooks, error, log)
  t.same(told, [webhooks, error, error])
  while (lines.length < 2) await setImmediate()
  t.match(lines.map((line): unknown => JSON.parse(line)), [
    { msg: "a listener of 'error' failed itself", err: { message: 'at once' } },
    { msg: "a listener of 'error' failed itself", err: { message: 'later' } }
  ])
})

test('what a collector is remembered by is never the same as what a listener is', (t) => {
  const collectors = ['answer', ''].map((name) => collectorOf('newMessage', {}, named(name)))
  const keys = new ListenerKeys()
  const listeners = ['answer', '', 'my collect:answer', 'collects'].map(named)
  t.same(keys.ofCollectors(collectors).filter((key) => !ListenerKeys.isOfCollector(key)), [])
  t.same([...keys.of(listeners), ...keys.ofInvalid(listeners), '#a b collects more'].filter((key) => ListenerKeys.isOfCollector(key)), [])
  t.end()
})
