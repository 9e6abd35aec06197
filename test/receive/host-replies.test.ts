import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { connect } from 'node:net'
import rateLimit from '@fastify/rate-limit'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { Registry } from 'prom-client'
import { test } from 'tap'
import type { Test } from 'tap'
import webhooks from '../../index.ts'
import type { ReceiveMessage, WebhooksOptions } from '../../index.ts'
import { reportHostReplies } from '../../lib/receive/host-replies.ts'
import { metrics } from '../../lib/observe/metrics/metrics.ts'
import { SIGNATURE_HEADER } from '../../lib/receive/signature/hmac.ts'
import { createApp, gate, message, post, turns } from '../helpers/app.ts'
import { until } from '../faults/helpers/until.ts'
import type { LogLine } from '../helpers/app.ts'
import { personal, PERSONAL, SECRET, sign } from '../helpers/http.ts'

function listen (t: Test): ReceiveMessage[] {
  const told: ReceiveMessage[] = []
  const note = (message: unknown) => { told.push(message as ReceiveMessage) } // as README says
  subscribe('fastify-oneroute-webhooks:receive', note)
  t.teardown(() => { unsubscribe('fastify-oneroute-webhooks:receive', note) })
  return told
}

async function createHost (t: Test, setUp: (app: FastifyInstance) => unknown, options: WebhooksOptions = {}) {
  const lines: LogLine[] = []
  const app = Fastify({ logger: { stream: { write: (line: string) => { lines.push(JSON.parse(line) as LogLine) } } } }) // pino writes one object a line
  t.teardown(async () => { await app.close() })
  await setUp(app)
  await app.register(webhooks, { secret: SECRET, ...options })
  app.webhooks.on('event', () => {})
  return { app, warnings: () => lines.filter(({ level, msg }) => level === 40 && msg.startsWith('a webhook was answered')) }
}

const coded = (statusCode: number, code?: string) => Object.assign(new Error(`of ${PERSONAL}`), { statusCode, code })

/** What the app does, what is told of the answer, and the status. */
const HOSTS: Array<[what: string, setUp: (app: FastifyInstance) => unknown, statusCode: number, told: Partial<ReceiveMessage>]> = [
  ['a login that replies', (app) => app.addHook('onRequest', async (_request, reply) => await reply.code(401).send({ error: 'log in' })), 401, { outcome: 'refused', code: null }],
  ['a login that throws', (app) => app.addHook('onRequest', async () => { throw coded(401, 'LOG_IN') }), 401, { outcome: 'refused', code: 'LOG_IN' }],
  ['an error without a code', (app) => app.addHook('preHandler', async () => { throw coded(500) }), 500, { outcome: 'failed', code: null }],
  ['a redirection', (app) => app.addHook('preValidation', async (_request, reply) => await reply.redirect('/login')), 302, { outcome: 'refused', code: null }],
  ['a hook that answers 200 itself', (app) => app.addHook('preHandler', async (_request, reply) => await reply.send('ok')), 200, { outcome: 'refused', code: null }],
  ['a hook before the body', (app) => app.addHook('preParsing', async (_request, reply, payload) => { await reply.code(503).send('later'); return payload }), 503, { outcome: 'failed', code: null }]
]

for (const [what, setUp, statusCode, expected] of HOSTS) {
  test(`an answer of the app's own hooks is told once, and logged: ${what}`, async (t) => {
    const told = listen(t)
    const { app, warnings } = await createHost(t, setUp)
    const body = personal()
    t.equal((await post(app, body, sign(body))).statusCode, statusCode)
    t.match(told, [{ id: null, name: 'unknown', duration: Number, ...expected }])
    t.equal(told.length, 1)
    t.equal(told[0]?.webhooks, app.webhooks)
    t.match(warnings(), [{ msg: `a webhook was answered ${statusCode} by a hook of the app`, code: expected.code }])
    t.notMatch(JSON.stringify(warnings()), PERSONAL)
    await post(app, body, sign(body))
    t.equal(told.length, 2)
    t.equal(warnings().length, 1, 'once a minute')
  })
}

test('a sender that hangs up was answered by nobody', async (t) => {
  const told = listen(t)
  const { app, warnings } = await createHost(t, () => {})
  const port = Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port)
  const body = personal()
  const sender = connect(port, '127.0.0.1')
  await once(sender, 'connect')
  sender.write(`POST /webhooks/oneroute HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n${SIGNATURE_HEADER}: ${sign(body)[SIGNATURE_HEADER] ?? ''}\r\n\r\n{`)
  await new Promise<void>((resolve) => { app.server.once('request', () => { resolve() }) })
  sender.destroy()
  await until(async () => await new Promise<number>((resolve) => { app.server.getConnections((_error, count) => { resolve(count) }) }) === 0)
  await turns()
  t.equal((await post(app, body, sign(body))).statusCode, 200)
  t.match(told, [{ outcome: 'accepted' }])
  t.equal(told.length, 1)
  t.same(warnings(), [])
})

test("an answer that comes after Fastify's own is not told", async (t) => {
  const told = listen(t)
  const { app, lines } = await createApp(t, {}, { handlerTimeout: 20 })
  const held = gate()
  app.webhooks.on('newMessage', async () => { await held.promise })
  const reply = await post(app, message())
  t.equal(reply.statusCode, 503)
  held.resolve(undefined)
  await turns()
  t.match(told, [{ outcome: 'failed', code: 'FST_ERR_HANDLER_TIMEOUT' }])
  t.equal(told.length, 1)
  t.notMatch(JSON.stringify(lines), 'FST_ERR_REP_ALREADY_SENT')
})

test("whatever is answered, it is told once, also where the app's hooks fail after that", async (t) => {
  const told = listen(t)
  const late = (app: FastifyInstance) => app.addHook('onSend', async ({ headers }) => { if (headers['x-late'] !== undefined) throw coded(500, 'LATE') })
  const { app, warnings } = await createHost(t, late, { bodyLimit: 5_000, allowedIps: ['127.0.0.1'] })
  const body = personal()
  const requests: Array<[body: string, headers: Record<string, string>, told: string]> = [
    [body, sign(body), 'accepted'], [body, sign(body), 'duplicate'], ['{', sign('{'), 'refused'], [body, {}, 'refused'],
    [body, sign(body, 'other'), 'refused'], ['x'.repeat(5_001), sign(''), 'refused'], [`${body} `, { ...sign(`${body} `), 'x-late': '1' }, 'accepted']
  ]
  for (const [body, headers] of requests) await post(app, body, headers)
  t.same(told.map(({ outcome }) => outcome), requests.map(([,, outcome]) => outcome))
  t.same(warnings(), [])
})

test('of answers with the same status there is a line a minute at most, and of others one of their own', async (t) => {
  const { app, lines } = await createApp(t)
  let now = 0
  const statuses = [401, 401, 429, 401, 401, 429]
  await app.register(async (scope) => {
    reportHostReplies(scope, { answeredOtherwise: () => {} }, () => now)
    scope.get('/own', (_request, reply) => reply.code(statuses.shift() ?? 0).send())
  })
  for (const time of [0, 59_999, 59_999, 60_000, 60_001, 60_002]) {
    now = time
    await app.inject('/own')
  }
  t.same(lines.filter(({ msg }) => msg.startsWith('a webhook was answered')).map(({ msg }) => /\d{3}/.exec(msg)?.[0]), ['401', '429', '401'])
})

for (const [what, routeOptions, statuses] of [
  ['none', undefined, [200, 200, 200]],
  ['the one that `routeOptions` says', { config: { rateLimit: { max: 2, timeWindow: 60_000 } } }, [200, 200, 429]]
] as const) {
  test(`an app with a rate limit has for webhooks ${what}, and what that refuses is counted`, async (t) => {
    const { app, warnings } = await createHost(t, (app) => app.register(rateLimit, { max: 1, timeWindow: 60_000 }), routeOptions && { routeOptions })
    const registry = new Registry()
    await app.register(metrics, { registry })
    const answered = []
    for (const body of [1, 2, 3].map(() => JSON.stringify(message()))) answered.push((await post(app, body, sign(body))).statusCode)
    t.same(answered, statuses)
    const refused = statuses.filter((status) => status === 429).length
    t.equal(warnings().length, refused)
    const counted = /received_total\{event="unknown",outcome="refused"\} (\d+)/.exec(await registry.metrics())?.[1]
    t.equal(Number(counted ?? 0), refused)
  })
}
