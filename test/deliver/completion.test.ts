import Fastify from 'fastify'
import { test } from 'tap'
import type { ClaimedEvent, Inbox } from '../../index.ts'
import { ListenerRunner } from '../../lib/deliver/listener-runner.ts'
import { CompleteInError } from '../../lib/errors/errors.ts'
import { EventCatalogue } from '../../lib/events/catalogue.ts'
import { RequestContexts } from '../../lib/observe/request-contexts.ts'
import type { CompleteIn, WebhookContext } from '../../lib/webhooks/context.ts'
import { resolveOptions } from '../../lib/webhooks/options.ts'
import { emitter } from './helpers/emitter.ts'

const EVENT: ClaimedEvent = { seq: 7, id: 'an id', name: 'other', event: { event: 'other' }, receivedAt: 5, attempt: 2, completed: [], problems: null }

function create (completion?: Inbox['completion']) {
  const { log } = Fastify()
  const webhooks = emitter()
  const runner = new ListenerRunner({ webhooks, log, catalogue: new EventCatalogue({}), options: resolveOptions({}), durable: true, completion, contexts: new RequestContexts() })
  return { runner, webhooks }
}

test('each listener has a context of its own, which completes the event for that listener', async (t) => {
  const { runner, webhooks } = create(({ seq }, listener) => ({ sql: 'a statement', values: [String(seq), listener], refusalOf: () => undefined }))
  const contexts: WebhookContext[] = []
  webhooks.on('unknown', function save (_event, context) { contexts.push(context) })
  webhooks.on('event', function reply (_event, context) { contexts.push(context) })
  t.match(runner.run(EVENT), { state: 'done' })
  t.match(contexts, [{ id: 'an id', attempt: 2, problems: [], receivedAt: new Date(5) }, { id: 'an id' }])
  const asked: unknown[] = []
  for (const context of contexts) await context.completeIn(async (sql, values) => asked.push([sql, values]))
  t.same(asked, [['a statement', ['7', 'save']], ['a statement', ['7', 'reply']]])
})

test('a listener that would not be known again cannot complete anything', async (t) => {
  const { runner, webhooks } = create(() => { throw new Error('it is asked for') })
  const contexts: WebhookContext[] = []
  webhooks.on('unknown', (_event, context) => { contexts.push(context) })
  for (let i = 0; i < 2; i++) webhooks.on('event', function save (_event, context) { contexts.push(context) })
  t.match(runner.run(EVENT), { state: 'done' })
  t.equal(contexts.length, 3)
  for (const context of contexts) await t.rejects(context.completeIn(async () => Number(t.fail('it is run'))), CompleteInError)
})

test('a statement that fails says what that means, or what it was', async (t) => {
  const [lost, refusal, failure] = [new Error('lost'), new CompleteInError('no'), new Error('broken')]
  const { runner, webhooks } = create(() => ({ sql: 'a statement', values: [], refusalOf: (thrown) => thrown === lost ? refusal : undefined }))
  const contexts: WebhookContext[] = []
  webhooks.on('unknown', function save (_event, context) { contexts.push(context) })
  t.match(runner.run(EVENT), { state: 'done' })
  for (const [thrown, expected] of [[lost, refusal], [failure, failure]] as const) {
    t.equal(await contexts[0]?.completeIn(() => { throw thrown }).catch((error: unknown) => error), expected)
  }
})

test('a statement that may not have run does not count', async (t) => {
  const { runner, webhooks } = create(() => ({ sql: 'a statement', values: [], refusalOf: () => undefined }))
  const contexts: WebhookContext[] = []
  webhooks.on('unknown', function save (_event, context) { contexts.push(context) })
  t.match(runner.run(EVENT), { state: 'done' })
  for (const nothing of [() => {}, async () => {}, () => null]) await t.rejects(contexts[0]?.completeIn(nothing as unknown as CompleteIn) ?? Promise.resolve(), { code: 'FST_ONEROUTE_COMPLETE_IN', message: /returned nothing/ })
})

test('it can be taken out of the context, and takes a function', async (t) => {
  const { runner, webhooks } = create(() => ({ sql: 'a statement', values: [], refusalOf: () => undefined }))
  const contexts: WebhookContext[] = []
  webhooks.on('unknown', function save (_event, context) { contexts.push({ ...context }) })
  t.match(runner.run(EVENT), { state: 'done' })
  const [{ completeIn }] = contexts as [WebhookContext]
  const asked: string[] = []
  await completeIn(async (sql) => asked.push(sql))
  t.same(asked, ['a statement'])
  for (const wrong of [undefined, 'BEGIN', {}]) await t.rejects(completeIn(wrong as unknown as CompleteIn), { code: 'FST_ONEROUTE_COMPLETE_IN', message: /takes a function/ })
})

test('without such an inbox, all listeners have one context', async (t) => {
  const { runner, webhooks } = create()
  const contexts: WebhookContext[] = []
  for (let i = 0; i < 2; i++) webhooks.on('event', (_event, context) => { contexts.push(context) })
  t.match(runner.run(EVENT), { state: 'done' })
  t.equal(contexts[0], contexts[1])
  await t.rejects(contexts[0]?.completeIn(async () => Number(t.fail('it is run'))) ?? Promise.resolve(), CompleteInError)
})
