import { readFileSync } from 'node:fs'
import { mock } from 'node:test'
import { parser } from '@prometheus-io/lezer-promql'
import Fastify from 'fastify'
import { Registry, register } from 'prom-client'
import { test } from 'tap'
import type { Test } from 'tap'
import { parse } from 'yaml'
import type { WebhooksOptions } from '../../index.ts'
import { sqliteInbox } from '../../lib/inbox/sqlite/inbox.ts'
import { metrics } from '../../lib/observe/metrics/metrics.ts'
import { loadPromClient } from '../../lib/observe/metrics/load.ts'
import { createApp, gate, message, post, turns } from '../helpers/app.ts'
import { sign } from '../helpers/http.ts'
import { ModelInbox } from '../helpers/model-inbox.ts'
import { codes, section, table } from '../helpers/pages.ts'
import { temporaryFile } from '../helpers/sqlite.ts'

const RETRY = { attempts: 2, minDelay: 1, maxDelay: 1, factor: 1 }

async function createMeasured (t: Test, options: WebhooksOptions = {}) {
  const registry = new Registry()
  const { app } = await createApp(t, options)
  await app.register(metrics, { registry, path: '/metrics' })
  return { app, registry }
}

/** Samples by their names and labels, as Prometheus reads them. */
async function samples (registry: Pick<Registry, 'metrics'>): Promise<Map<string, number>> {
  const lines = (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]))
}

/** An app that has met all that can be counted. */
async function createBusy (t: Test) {
  const { app, registry } = await createMeasured(t, { secret: ['new', 'old'], inbox: sqliteInbox({ path: temporaryFile(t) }), retry: RETRY })
  app.webhooks.on('newMessage', function fine () {})
  app.webhooks.on('newMessage', async function failing ({ message: { content } }, { attempt }) {
    if (content === 'dead' || (content === 'late' && attempt === 1)) throw new Error('broken')
  })
  const send = async (body: string, key = 'new') => { await post(app, body, sign(body, key)) }
  const fine = JSON.stringify(message())
  await send(fine)
  await send(fine, 'old')
  for (const content of ['dead', 'late']) await send(JSON.stringify(message(content, content)))
  await send('{"event":"other"}')
  await send('{"event":"newMessage"}')
  await send('{')
  await send(fine, 'wrong')
  await post(app, fine)
  await post(app, fine, { 'x-oneroute-signature': 'no' })
  while ((await app.webhooks.inbox.stats()).pending > 0) await turns()
  return { app, registry }
}

test('all that happens is counted', async (t) => {
  const { app, registry } = await createBusy(t)
  const all = await samples(registry)
  const expected: Record<string, number> = {
    'received_total{event="newMessage",outcome="accepted"}': 3,
    'received_total{event="newMessage",outcome="duplicate"}': 1,
    'received_total{event="newMessage",outcome="invalid"}': 1,
    'received_total{event="newMessage",outcome="failed"}': 0,
    'received_total{event="unknown",outcome="accepted"}': 1,
    'received_total{event="unknown",outcome="refused"}': 4,
    'acknowledgement_duration_seconds_count{outcome="accepted"}': 4,
    'signatures_total{outcome="valid",key="0"}': 6,
    'signatures_total{outcome="valid",key="1"}': 1,
    'signatures_total{outcome="wrong",key=""}': 1,
    'signatures_total{outcome="missing",key=""}': 1,
    'signatures_total{outcome="malformed",key=""}': 1,
    'deliveries_total{event="newMessage",outcome="done"}': 2,
    'deliveries_total{event="newMessage",outcome="retry"}': 2,
    'deliveries_total{event="newMessage",outcome="dead"}': 1,
    'deliveries_total{event="unknown",outcome="ignored"}': 1,
    'delivery_duration_seconds_count{event="newMessage"}': 5,
    'listener_runs_total{listener="fine",outcome="succeeded"}': 3,
    'listener_runs_total{listener="failing",outcome="failed"}': 3,
    'listener_runs_total{listener="failing",outcome="succeeded"}': 2,
    'retries_total{event="newMessage"}': 2,
    'set_aside_total{event="newMessage"}': 0,
    'set_aside_total{event="unknown"}': 0,
    'set_aside_total{event="invalid"}': 0,
    'set_aside_total{event="event"}': 0,
    'deliveries_total{event="newMessage",outcome="collected"}': 0,
    inbox_up: 1,
    inbox_pending: 0,
    inbox_done: 3,
    inbox_dead: 1,
    inbox_invalid: 1,
    inbox_failing: 0,
    inbox_oldest_pending_age_seconds: 0
  }
  for (const [name, value] of Object.entries(expected)) t.equal(all.get(`oneroute_webhooks_${name}`), value, name)
  const reply = await app.inject('/metrics')
  t.equal(reply.headers['content-type'], registry.contentType)
  t.match(reply.body, '# HELP oneroute_webhooks_received_total')
  const { lastReceivedAt } = await app.webhooks.inbox.stats()
  t.equal(all.get('oneroute_webhooks_inbox_last_received_timestamp_seconds'), (lastReceivedAt?.getTime() ?? 0) / 1_000)
})

test('an event that leaves its conversation is counted once, however often it fails after that', async (t) => {
  const { app, registry } = await createMeasured(t, { inbox: new ModelInbox(), retry: { ...RETRY, attempts: 4, blockFor: 0 } })
  app.webhooks.on('newMessage', () => { throw new Error('broken') })
  await app.webhooks.receive(message())
  while ((await app.webhooks.inbox.stats()).dead === 0) await turns()
  const all = await samples(registry)
  t.equal(all.get('oneroute_webhooks_set_aside_total{event="newMessage"}'), 1)
  t.equal(all.get('oneroute_webhooks_deliveries_total{event="newMessage",outcome="retry"}'), 3)
})

test('a burst is one delivery, and of events that leave their order it is as many as it has', async (t) => {
  const { app, registry } = await createMeasured(t, { inbox: sqliteInbox({ path: temporaryFile(t) }), retry: { ...RETRY, attempts: 3, blockFor: 0 } })
  app.webhooks.on('newMessage', function save () {})
  app.webhooks.collect('event', { quiet: 60_000, most: 3 }, function answer (_events, { attempt }) { if (attempt < 3) throw new Error('not yet') })
  await app.ready()
  for (let i = 0; i < 3; i++) await app.webhooks.receive(message())
  while ((await app.webhooks.inbox.stats()).pending > 0) await turns()
  const all = await samples(registry)
  const expected: Record<string, number | undefined> = {
    'deliveries_total{event="newMessage",outcome="collected"}': 3,
    'deliveries_total{event="newMessage",outcome="done"}': 0,
    'deliveries_total{event="event",outcome="retry"}': 2,
    'deliveries_total{event="event",outcome="done"}': 1,
    'delivery_duration_seconds_count{event="newMessage"}': 3,
    'delivery_duration_seconds_count{event="event"}': 3,
    'listener_runs_total{listener="save",outcome="succeeded"}': 3,
    'listener_runs_total{listener="answer",outcome="failed"}': 2,
    'listener_runs_total{listener="answer",outcome="succeeded"}': 1,
    'retries_total{event="newMessage"}': 0,
    'retries_total{event="event"}': 2,
    'set_aside_total{event="event"}': 3,
    inbox_done: 3
  }
  for (const [name, value] of Object.entries(expected)) t.equal(all.get(`oneroute_webhooks_${name}`), value, name)
})

test('every outcome begins at zero, and the time of the last event is absent until there is one', async (t) => {
  const { registry } = await createMeasured(t)
  const all = await samples(registry)
  for (const event of ['newMessage', 'smsDeliveryReport', 'unknown']) {
    for (const outcome of ['accepted', 'duplicate', 'invalid', 'refused', 'failed']) t.equal(all.get(`oneroute_webhooks_received_total{event="${event}",outcome="${outcome}"}`), 0)
  }
  t.equal(all.has('oneroute_webhooks_inbox_last_received_timestamp_seconds'), false)
  t.equal(all.get('oneroute_webhooks_inbox_up'), 1)
})

test('an inbox that does not answer is not up, before a scrape would give up', async (t) => {
  const inbox = new ModelInbox()
  const { app, registry } = await createMeasured(t, { inbox })
  await app.ready()
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const hanging = Promise.withResolvers<never>()
  let calls = 0
  Reflect.defineProperty(inbox, 'stats', { value: async () => { calls++; return await hanging.promise }, configurable: true })
  for (const scrape of [1, 2]) {
    const asked = samples(registry)
    await turns()
    mock.timers.tick(5_000)
    const all = await asked
    t.equal(all.get('oneroute_webhooks_inbox_up'), 0)
    t.equal(all.has('oneroute_webhooks_inbox_pending'), false)
    t.equal(calls, 1, `at scrape ${scrape} it is not asked for the same once more`)
  }
  hanging.reject(new Error('away'))
  await turns()
  Reflect.deleteProperty(inbox, 'stats')
  t.equal((await samples(registry)).get('oneroute_webhooks_inbox_up'), 1, 'it is asked again')
})

test('what waits has an age, and an inbox that cannot be asked breaks nothing', async (t) => {
  const inbox = new ModelInbox()
  const { app, registry } = await createMeasured(t, { inbox })
  await app.webhooks.receive(message())
  t.ok((await samples(registry)).get('oneroute_webhooks_inbox_oldest_pending_age_seconds') !== undefined)
  t.equal((await samples(registry)).get('oneroute_webhooks_inbox_pending'), 1)
  const away = Reflect.defineProperty(inbox, 'stats', { value: () => { throw new Error('away') }, configurable: true })
  t.ok(away)
  const all = await samples(registry)
  t.equal(all.get('oneroute_webhooks_inbox_up'), 0)
  t.equal(all.has('oneroute_webhooks_inbox_pending'), false)
  t.equal(all.get('oneroute_webhooks_received_total{event="newMessage",outcome="accepted"}'), 1)
  Reflect.deleteProperty(inbox, 'stats')
  t.equal((await samples(registry)).get('oneroute_webhooks_inbox_up'), 1)
})

test('each app.webhooks has a registry of its own, and only its own events in it', async (t) => {
  const [one, other] = [await createMeasured(t), await createMeasured(t)]
  await one.app.webhooks.receive(message())
  const name = 'oneroute_webhooks_received_total{event="newMessage",outcome="accepted"}'
  t.same([(await samples(one.registry)).get(name), (await samples(other.registry)).get(name)], [1, 0])
  const { app } = await createApp(t)
  await t.rejects(async () => { await app.register(metrics, { registry: one.registry }) }, { code: 'FST_ONEROUTE_INVALID_OPTION', message: /`registry` has the metrics of another/ })
})

test('without a registry it is the default one, which others may use, and which is left as it was', async (t) => {
  const { app } = await createApp(t)
  await app.register(metrics)
  t.ok(register.getSingleMetric('oneroute_webhooks_received_total'))
  await app.close()
  t.same(register.getMetricsAsArray(), [])
})

test('listeners beyond the first hundred names are counted as one', async (t) => {
  const { app, registry } = await createMeasured(t)
  app.webhooks.setMaxListeners(0)
  for (let i = 0; i < 102; i++) app.webhooks.on('newMessage', () => {})
  await app.webhooks.receive(message())
  const names = [...(await samples(registry)).keys()].filter((name) => name.includes('listener_runs_total'))
  t.equal(names.length, 101)
  t.equal((await samples(registry)).get('oneroute_webhooks_listener_runs_total{listener="other",outcome="succeeded"}'), 2)
})

test('a delivery that closing gives up is counted while the app closes', async (t) => {
  const { app, registry } = await createMeasured(t, { inbox: new ModelInbox(), drainTimeout: 1 })
  const begun = gate()
  let after: Map<string, number> | undefined
  app.webhooks.on('newMessage', async () => {
    begun.resolve(undefined)
    await new Promise(() => {})
  })
  app.addHook('onClose', async () => { after = await samples(registry) }) // runs before those that were added earlier
  await app.webhooks.receive(message())
  await begun.promise
  await app.close()
  t.ok(after)
})

test('what it cannot do it says at once', async (t) => {
  const wrong: Array<[object, RegExp]> = [
    [{ registery: new Registry() }, /`registery` is not one of the metrics plugin's options/],
    [{ registry: {} }, /`registry` of the metrics plugin's options must be a Registry/],
    [{ path: 'metrics' }, /must start with '\/'/]
  ]
  for (const [options, message] of wrong) {
    const { app } = await createApp(t)
    await t.rejects(async () => { await app.register(metrics, options) }, { code: 'FST_ONEROUTE_INVALID_OPTION', message })
  }
  const bare = Fastify()
  await t.rejects(async () => { await bare.register(metrics) }, { code: 'FST_ONEROUTE_NOT_REGISTERED' })
  await t.rejects(loadPromClient(async () => await Promise.reject(new Error('not found'))), { code: 'FST_ONEROUTE_PACKAGE_MISSING', message: /'prom-client'/ })
})

/** The series that a text of PromQL names, each with its labels; throws if it is no PromQL. */
function seriesIn (expression: string): Array<{ name: string, labels: string[] }> {
  const query = expression.replaceAll('$__rate_interval', '5m').replaceAll('$job', '.*')
  const found: Array<{ name: string, labels: string[] }> = []
  parser.parse(query).iterate({
    enter: ({ type, from, to }) => {
      const text = query.slice(from, to)
      if (type.isError) throw new Error(`no PromQL: ${query}`)
      if (type.name === 'VectorSelector') found.push({ name: /^\w+/.exec(text)?.[0] ?? '', labels: Array.from(text.matchAll(/(\w+)\s*=/g), ([, label = '']) => label) })
      if (type.name === 'GroupingLabels') found.at(-1)?.labels.push(...text.match(/\w+/g) ?? [])
    }
  })
  return found
}

interface Dashboard { panels: Array<{ title: string, targets: Array<{ expr: string }> }>, templating: { list: Array<{ name: string }> } }
interface Rules { groups: Array<{ rules: Array<{ alert: string, expr: string, annotations: Record<string, string> }> }> }

test('the dashboard and the rules ask for what there is', async (t) => {
  const read = (file: string) => readFileSync(new URL(`../../examples/${file}`, import.meta.url), 'utf8')
  const { panels, templating } = JSON.parse(read('grafana/dashboard.json')) as Dashboard
  const { groups: [group] } = parse(read('prometheus/alerts.yml')) as Rules
  t.same(templating.list.map(({ name }) => name), ['datasource', 'job'])
  const { registry } = await createBusy(t)
  const real = [...(await samples(registry)).keys()]
  const expressions = [...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)), ...group?.rules.map(({ expr }) => expr) ?? []]
  t.ok(expressions.length > 17)
  for (const { name, labels } of expressions.flatMap(seriesIn)) {
    const sample = real.find((sample) => sample === name || sample.startsWith(`${name}{`))
    t.ok(sample, name)
    for (const label of labels) t.ok(['job', 'le'].includes(label) || sample?.includes(`${label}=`), `${name} has ${label}`)
  }
  const shown = expressions.flatMap(seriesIn).map(({ name }) => name.replace(/_bucket$/, ''))
  for (const metric of await registry.getMetricsAsJSON()) t.ok(shown.includes(metric.name), `${metric.name} is shown`)
  t.throws(() => seriesIn('sum by (job (rate(x[5m]))'))
})

test('every metric is documented with its type and labels, and no other is', async (t) => {
  const { registry } = await createBusy(t)
  const typeOf = (type: unknown) => String(type)
  const real = (await registry.getMetricsAsJSON()).map(({ name, type, values }) => {
    const labels = new Set(values.flatMap((value) => Object.keys(value.labels)).filter((label) => label !== 'le'))
    return [name, typeOf(type), [...labels].sort().join()]
  })
  const documented = table(section('Metrics'), 'metric').map(({ metric = '', type = '', labels = '' }) => [codes(metric)[0] ?? '', type, codes(labels).sort().join()])
  t.same(documented.sort(), real.sort())
})
