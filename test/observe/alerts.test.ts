import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import tap, { test } from 'tap'
import { parseInboxOptions } from '../../lib/cli/inbox/options.ts'
import { postgresInbox } from '../../lib/inbox/postgres/inbox.ts'
import { sqliteInbox } from '../../lib/inbox/sqlite/inbox.ts'
import { settled } from '../../lib/testing/testing.ts'
import { Client, job } from '../faults/helpers/client.ts'
import { HostProcess } from '../faults/helpers/host-process.ts'
import { smallDisk } from '../faults/helpers/small-disk.ts'
import { until } from '../faults/helpers/until.ts'
import { gate, message, post } from '../helpers/app.ts'
import { sign } from '../helpers/http.ts'
import { ModelInbox } from '../helpers/model-inbox.ts'
import { DAY, Night, rules, target } from '../helpers/night.ts'
import { root } from '../helpers/package.ts'
import { PostgresServer } from '../helpers/postgres.ts'
import { codes, table } from '../helpers/pages.ts'
import { temporaryFile } from '../helpers/sqlite.ts'
import { fired, names, say } from './helpers/alerts.ts'

tap.setTimeout(120_000)

test('each rule has a night below on which it fires, and a row in the page that says what to do', (t) => {
  t.same(rules.map(({ alert }) => alert.replace('OneRouteWebhooks', '')).sort(), ['Backlog', 'Dead', 'Failed', 'InboxDown', 'Invalid', 'Refused', 'SetAside', 'Silence'])
  const page = readFileSync(join(root, 'docs/when-something-is-wrong.md'), 'utf8')
  t.same(table(page, 'alert').flatMap((row) => codes(row.alert)), rules.map(({ alert }) => alert), 'in their order')
  for (const { annotations: { description } } of rules) {
    for (const [, title = ''] of description.matchAll(/"([^"]+)" in docs/g)) t.match(page, `\n## ${title}\n`)
    for (const [, command = ''] of description.matchAll(/`fastify-oneroute-webhooks (inbox [^`]+)`/g)) {
      t.doesNotThrow(() => parseInboxOptions(command.split(' ').slice(1), { ONEROUTE_INBOX: 'webhooks.db' }), command)
    }
  }
  t.end()
})

test('a changed key: refused, and later silence, until it is set right', async (t) => {
  const a = await target(t, { secret: 'key', inbox: sqliteInbox({ path: temporaryFile(t) }) })
  a.app.webhooks.on('newMessage', () => {})
  const night = new Night(t, a)
  await night.pass(120, async () => await say(a.app))
  night.skip(DAY - 120)
  await night.pass(15, async () => await say(a.app))
  const changed = night.minute
  await night.pass(60, async () => { t.equal(await say(a.app, 'another'), 401) })
  const mended = night.minute
  await night.pass(30, async () => await say(a.app))
  fired(t, await night.alerts(DAY + 1), [
    { alert: 'Refused', from: changed + 17, to: mended + 9 },
    { alert: 'Silence', from: changed + 35, to: mended }
  ])
})

test('a changed key on the first night: refused, for there is no yesterday', async (t) => {
  const a = await target(t, { secret: 'key', inbox: sqliteInbox({ path: temporaryFile(t) }) })
  a.app.webhooks.on('newMessage', () => {})
  const night = new Night(t, a)
  // From the start, and no more than one in eight minutes.
  await night.pass(60, async (minute) => { if (minute % 8 === 0) await say(a.app, 'another') })
  t.same(names(await night.alerts(0)), ['Refused'])
})

test('a full disk: failed, while the inbox can still be asked', async (t) => {
  const disk = smallDisk(t)
  t.comment(disk.way)
  const host = new HostProcess(t, { path: `${disk.path}/inbox.db`, ballast: `${disk.path}/ballast`, measured: true }, disk.wrap)
  const port = await host.port()
  const client = new Client(t, port)
  const night = new Night(t, { instance: 'a:3000', text: async () => await (await fetch(`http://127.0.0.1:${port}/metrics`)).text() })
  let n = 0
  const send = async (size: number) => (await client.post(job(`${n}`, n++, { text: 'x'.repeat(size) }))).statusCode
  await night.pass(10, async () => { t.equal(await send(100), 200) })
  if (disk.ballast) await client.post(undefined, '/fill')
  while (await send(200_000) === 200);
  const full = night.minute
  await night.pass(30, async () => { t.equal(await send(200_000), 503) })
  fired(t, await night.alerts(0), [{ alert: 'Failed', from: full + 11, to: night.minute }])
})

test('a database that is away: the inbox is down and requests fail; what was dead before stays an alert', async (t) => {
  const server = await PostgresServer.create(t)
  const retry = { attempts: 1 }
  const targets = [
    await target(t, { secret: 'key', inbox: postgresInbox({ connectionString: server.url }), retry }, 'a:3000'),
    await target(t, { secret: 'key', inbox: postgresInbox({ connectionString: server.url }), retry }, 'b:3000')
  ] as const
  const [{ app }] = targets
  for (const { app } of targets) app.webhooks.on('newMessage', ({ message: { content } }) => { if (content === 'bad') throw new Error('as it was told') })
  const night = new Night(t, ...targets)
  const bad = JSON.stringify(message('a', 'bad'))
  t.equal((await post(app, bad, sign(bad, 'key'))).statusCode, 200)
  await until(async () => (await app.webhooks.inbox.stats()).dead === 1)
  await night.pass(10, async () => { t.equal(await say(app), 200) })
  await until(async () => (await app.webhooks.inbox.stats()).pending === 0)
  await server.stop()
  const away = night.minute
  await night.pass(20, async () => { t.equal(await say(app), 503) })
  await server.start()
  await until(async () => await say(app) === 200)
  const back = night.minute
  await night.pass(10, async () => { t.equal(await say(app), 200) })
  fired(t, await night.alerts(0), [
    { alert: 'InboxDown', from: away + 3, to: back },
    { alert: 'Failed', from: away + 11, to: back + 9 },
    { alert: 'Dead', from: 2, to: night.minute }
  ])
})

test('invalid events, from the first one on, as long as they are there', async (t) => {
  const a = await target(t, { inbox: sqliteInbox({ path: temporaryFile(t) }) })
  const night = new Night(t, a)
  await night.pass(5)
  await post(a.app, { event: 'smsDeliveryReport' })
  await night.pass(115)
  await a.app.webhooks.inbox.replay((await a.app.webhooks.inbox.list({ state: 'invalid' })).map(({ id }) => id))
  a.app.webhooks.on('smsDeliveryReport', () => {})
  await until(async () => (await a.app.webhooks.inbox.stats()).done === 1)
  await night.pass(10)
  fired(t, await night.alerts(0), [{ alert: 'Invalid', from: 7, to: 120 }])
})

test('invalid events that a listener has had, for an hour', async (t) => {
  const a = await target(t, { inbox: sqliteInbox({ path: temporaryFile(t) }) })
  a.app.webhooks.on('invalid', () => {})
  const night = new Night(t, a)
  await night.pass(5)
  await post(a.app, { event: 'smsDeliveryReport' })
  await until(async () => (await a.app.webhooks.inbox.stats()).done === 1)
  await night.pass(120)
  fired(t, await night.alerts(0), [{ alert: 'Invalid', from: 7, to: 65 }])
})

test('a listener that fails: the backlog gets old, and then the event is dead until it is replayed, by another process', async (t) => {
  const again = gate()
  const path = temporaryFile(t)
  const a = await target(t, { inbox: sqliteInbox({ path }), retry: { attempts: 2, minDelay: 1, maxDelay: 1 } }, 'a:3000')
  a.app.webhooks.on('newMessage', async (_event, { attempt }) => {
    if (attempt === 2) await again.promise
    throw new Error('as it was told')
  })
  const night = new Night(t, a)
  await night.pass(1)
  await say(a.app)
  await until(async () => (await a.app.webhooks.inbox.stats()).failing === 1)
  await night.pass(20)
  again.resolve(undefined)
  await until(async () => (await a.app.webhooks.inbox.stats()).dead === 1)
  await night.pass(10)
  await a.app.close()
  const b = await target(t, { inbox: sqliteInbox({ path }) }, 'b:3000')
  b.app.webhooks.on('newMessage', () => {})
  await b.app.ready()
  night.scrape(b)
  await b.app.webhooks.inbox.replay((await b.app.webhooks.inbox.list({ state: 'dead' })).map(({ id }) => id))
  await until(async () => (await b.app.webhooks.inbox.stats()).done === 1)
  await night.pass(10)
  fired(t, await night.alerts(0), [{ alert: 'Dead', from: 23, to: 31 }, { alert: 'Backlog', from: 12, to: 21 }])
})

test('an event that fails for long: it leaves its conversation, until the listener is mended', async (t) => {
  const a = await target(t, { secret: 'key', inbox: new ModelInbox() })
  let [broken, behind, mended] = [true, 0, 0]
  const night = new Night(t, a)
  a.app.webhooks.on('newMessage', ({ message: { content } }) => {
    if (content === 'bad' && broken) throw new Error('as it was told')
    if (content === 'bad') mended = night.minute
    if (content === 'behind') behind = night.minute
  })
  // Each message lets the inbox look at what has become due.
  const pass = async (minutes: number) => {
    await night.pass(minutes, async () => {
      await say(a.app)
      await settled(a.app)
    })
  }
  await pass(5)
  for (const content of ['bad', 'behind']) await post(a.app, message('b', content), sign(JSON.stringify(message('b', content)), 'key'))
  await pass(40)
  t.equal(behind, 20, 'its conversation went on after a quarter of an hour')
  broken = false
  await pass(20)
  t.ok(mended > 45, 'within ten minutes')
  fired(t, await night.alerts(0), [
    { alert: 'SetAside', from: 21, to: mended - 1 },
    { alert: 'Backlog', from: 16, to: mended - 1 }
  ])
})

test('nothing but repeats, as with a `key` that makes all events one: silence', async (t) => {
  const a = await target(t, { inbox: sqliteInbox({ path: temporaryFile(t) }) })
  a.app.webhooks.on('newMessage', () => {})
  const night = new Night(t, a)
  await night.pass(120, async () => await say(a.app))
  night.skip(DAY - 120)
  const same = message()
  await night.pass(60, async () => await post(a.app, same))
  t.same(names(await night.alerts(DAY + 1)), ['Silence'])
})
