import Fastify from 'fastify'
import pg from 'pg'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import webhooks from '../../../index.ts'
import { postgresInbox } from '../../../lib/inbox/postgres/inbox.ts'
import { createApp, gate } from '../../helpers/app.ts'
import { listen } from '../../helpers/http.ts'
import { openPool, PostgresServer } from '../../helpers/postgres.ts'
import { Client, job } from '../helpers/client.ts'
import { until } from '../helpers/until.ts'

const SENDERS = 5

const server = await PostgresServer.create(tap)

/** An app, and the events that its listener was given, each of which waits until `listener` is through. */
async function startApp (t: Test, connectionString: string, listener: (n: number) => unknown = () => {}) {
  const { app, lines } = await createApp(t, { inbox: postgresInbox({ connectionString, lease: 1_000 }) })
  const heard: string[] = []
  app.webhooks.on('event', async (event) => {
    const { conversation, n } = event as unknown as ReturnType<typeof job> // what is posted here
    heard.push(`${conversation.id} ${n}`)
    await listener(n)
  })
  const client = new Client(t, await listen(app))
  return { app, lines, client, heard }
}

/** What new connections may do, and those that are there from their next statement on. */
async function setReadOnly (client: pg.Client, on: boolean): Promise<void> {
  await client.query(`ALTER SYSTEM SET default_transaction_read_only = ${on ? 'on' : 'off'}`)
  await client.query('SELECT pg_reload_conf()')
  await until(async () => (await client.query<{ set: string }>("SELECT current_setting('default_transaction_read_only') AS set")).rows[0]?.set === (on ? 'on' : 'off'))
}

async function connect (t: Test, connectionString: string): Promise<pg.Client> {
  const client = new pg.Client(connectionString)
  client.on('error', () => {})
  await client.connect()
  t.teardown(async () => { await client.end() })
  return client
}

test('a server that becomes read-only: 503 until it can be written again, nothing that was answered 200 is lost, all in order', async (t) => {
  const held = gate()
  const admin = await connect(t, server.url)
  const { app, lines, client, heard } = await startApp(t, server.url, async (n) => { if (n === 0) await held.promise })
  const conversations = Array.from({ length: SENDERS }, (_, i) => `conversation ${i}`)
  const refused = new Set<string>()
  const going = { on: true }
  const sending = conversations.map(async (conversation) => {
    let n = 0
    for (; going.on; n++) {
      for (let answer = await client.post(job(conversation, n)); answer.statusCode !== 200; answer = await client.post(job(conversation, n))) {
        t.match(answer, { statusCode: 503, headers: { 'retry-after': /^\d+$/ }, body: { code: 'FST_ONEROUTE_INBOX_UNAVAILABLE' } })
        refused.add(conversation)
      }
    }
    return n
  })
  await until(() => heard.length === SENDERS)
  await setReadOnly(admin, true)
  await until(() => refused.size === SENDERS)
  held.resolve(undefined) // what has become of these cannot be stored now, and neither are their leases renewed
  const said = (text: RegExp) => lines.some(({ msg }) => text.test(msg))
  await until(() => said(/what became of events could not be stored/) && said(/leases of events under way could not be renewed/))
  await setReadOnly(admin, false)
  const before = heard.length
  await until(() => heard.length > before + 50)
  going.on = false
  const posted = await Promise.all(sending)
  await until(async () => (await app.webhooks.inbox.stats()).pending === 0)
  for (const [i, conversation] of conversations.entries()) {
    t.same(heard.filter((name) => name.startsWith(`${conversation} `)), Array.from({ length: posted[i] ?? 0 }, (_, n) => `${conversation} ${n}`))
  }
  t.match(await app.webhooks.inbox.stats(), { done: posted.reduce((sum, n) => sum + n, 0), dead: 0 })
})

test('a hot standby is refused at the start, and is good enough once it is the primary', async (t) => {
  const before = await startApp(t, server.url)
  const { app } = before
  t.match(await before.client.post(job('before', 0)), { statusCode: 200 })
  await until(async () => (await app.webhooks.inbox.stats()).pending === 0)
  const { done } = await app.webhooks.inbox.stats()
  await app.close()
  const standby = await server.standby(t)
  const admin = await connect(t, standby.url)
  t.same((await admin.query('SELECT pg_is_in_recovery() AS recovering')).rows, [{ recovering: true }])
  const pool = openPool(t, standby.url)
  for (const options of [{ connectionString: standby.url }, { pool }, { pool, schema: 'another one' }]) {
    const refused = Fastify()
    t.teardown(async () => { await refused.close() })
    await t.rejects(async () => { await refused.register(webhooks, { inbox: postgresInbox(options) }) },
      { code: 'FST_ONEROUTE_INBOX_UNUSABLE', message: /the server is read-only: a replica/ })
  }
  t.same([pool.idleCount, pool.listenerCount('error')], [pool.totalCount, 1], 'a pool of the app is left as it was')
  await admin.query('SELECT pg_promote()')
  const after = await startApp(t, standby.url)
  t.match(await after.client.post(job('before', 0)), { statusCode: 200, body: { status: 'duplicate' } })
  t.match(await after.client.post(job('after', 0)), { statusCode: 200, body: { status: 'accepted' } })
  await until(() => after.heard.length === 1)
  t.same(after.heard, ['after 0'])
  await until(async () => (await after.app.webhooks.inbox.stats()).done === done + 1)
})
