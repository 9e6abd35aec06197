import { FastifyOtelInstrumentation } from '@fastify/otel'
import { context, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base'
import Fastify from 'fastify'
import { test } from 'tap'
import type { Test } from 'tap'
import webhooks, { memoryInbox } from '../../index.ts'
import type { Inbox } from '../../index.ts'
import { traceDeliveries } from '../../examples/tracing.ts'
import { postgresInbox } from '../../lib/inbox/postgres/inbox.ts'
import { sqliteInbox } from '../../lib/inbox/sqlite/inbox.ts'
import { message, post, turns } from '../helpers/app.ts'
import { postgresUrl, schemas } from '../helpers/postgres.ts'
import { temporaryFile } from '../helpers/sqlite.ts'

const exporter = new InMemorySpanExporter()
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
trace.setGlobalTracerProvider(provider)
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
traceDeliveries()

const RETRY = { attempts: 2, minDelay: 1, maxDelay: 1, factor: 1 }

/** An app whose requests are traced, and whose listener makes a span of its own and fails the first time if it is told to. */
async function createTraced (t: Test, inbox: Inbox, receivesOnly = false) {
  const app = Fastify()
  t.teardown(async () => { await app.close() })
  const otel = new FastifyOtelInstrumentation()
  otel.setTracerProvider(provider)
  await app.register(otel.plugin())
  await app.register(webhooks, { inbox, retry: RETRY, deliver: !receivesOnly })
  app.webhooks.on('newMessage', async ({ message: { content } }, { attempt }) => {
    await turns()
    trace.getTracer('the app').startSpan(`handle ${content}`).end()
    if (content === 'fails' && attempt === 1) throw new Error('broken')
  })
  await app.ready()
  return app
}

const named = (part: string) => exporter.getFinishedSpans().filter(({ name }) => name.includes(part))
const parentOf = ({ parentSpanContext }: ReadableSpan) => parentSpanContext?.spanId

for (const driver of ['memory', 'SQLite', 'PostgreSQL']) {
  test(`the trace of a request leads to its deliveries: ${driver}`, async (t) => {
    exporter.reset()
    const inboxes: Record<string, () => Promise<Inbox>> = {
      memory: async () => memoryInbox(),
      SQLite: async () => sqliteInbox({ path: temporaryFile(t) }),
      PostgreSQL: async () => {
        const connectionString = await postgresUrl(t)
        return postgresInbox({ connectionString, schema: schemas(t, connectionString)() })
      }
    }
    const inbox = await inboxes[driver]?.() ?? memoryInbox()
    const app = await createTraced(t, inbox)
    // One conversation: those behind the first are begun by what ends before them.
    const replies = await Promise.all(['1', '2', '3'].map(async (content) => await post(app, message('a', content))))
    while (named('handle').length < 3 || named('deliver').length < 3) await turns()
    const requests = named('request')
    t.equal(new Set(requests.map((span) => span.spanContext().traceId)).size, 3, 'a trace for each request')
    for (const reply of replies) {
      const { id } = reply.json<{ id: string }>()
      const [delivery] = named('deliver newMessage').filter(({ attributes }) => attributes['messaging.message.id'] === id)
      const own = exporter.getFinishedSpans().filter((span) => span.spanContext().traceId === delivery?.spanContext().traceId)
      t.equal(own.filter(({ name }) => name === 'request').length, 1)
      t.equal(own.filter(({ name }) => name.startsWith('handle ')).length, 1)
      t.ok(delivery && parentOf(delivery), 'it is below something of the request')
      t.match(delivery?.attributes, { 'oneroute.outcome': 'done', 'oneroute.attempt': 1 })
    }
  })
}

test('a burst has a span, with the ids of its events, and what waits for it has not failed', async (t) => {
  exporter.reset()
  const app = await createTraced(t, sqliteInbox({ path: temporaryFile(t) }))
  app.webhooks.collect('newMessage', { quiet: 60_000, most: 2 }, () => {})
  const ids: string[] = []
  for (const content of ['1', '2']) ids.push((await post(app, message('a', content))).json<{ id: string }>().id)
  while (named('deliver').length < 3) await turns()
  t.match(named('deliver').map(({ attributes, status }) => [attributes['oneroute.outcome'], status.code, attributes['oneroute.ids']]), [
    ['collected', SpanStatusCode.OK, [ids[0]]], ['collected', SpanStatusCode.OK, [ids[1]]], ['done', SpanStatusCode.OK, ids]
  ])
})

test('what comes after a failure, or a restart, is found by the id of the event', async (t) => {
  exporter.reset()
  const path = temporaryFile(t)
  const first = await createTraced(t, sqliteInbox({ path }))
  const { id } = (await post(first, message('a', 'fails'))).json<{ id: string }>()
  while (named('deliver').length < 2) await turns()
  const [failed, late] = named('deliver newMessage')
  t.match([failed, late].map((span) => span?.attributes), [
    { 'messaging.message.id': id, 'oneroute.attempt': 1, 'oneroute.outcome': 'retry' },
    { 'messaging.message.id': id, 'oneroute.attempt': 2, 'oneroute.outcome': 'done' }
  ])
  t.match(failed?.events, [{ name: 'exception', attributes: { 'exception.message': 'listener 1: broken' } }])
  await first.close()

  const receiver = await createTraced(t, sqliteInbox({ path }), true)
  const kept = (await post(receiver, message('b', 'kept'))).json<{ id: string }>()
  await receiver.close()
  exporter.reset()
  await createTraced(t, sqliteInbox({ path }))
  while (named('deliver').length < 1) await turns()
  t.match(named('deliver')[0]?.attributes, { 'messaging.message.id': kept.id })
  t.equal(named('request').length, 0)
})
