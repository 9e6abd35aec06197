import tap, { test } from 'tap'
import { turns } from '../../helpers/app.ts'
import { lines, openInbox, openPool, PostgresServer, schemas } from '../../helpers/postgres.ts'
import { adds, claim, done, newEvent } from '../conformance.ts'

const server = await PostgresServer.create(tap)

const { url } = server

const newSchema = schemas(tap, url)

const unavailable = { code: 'FST_ONEROUTE_INBOX_UNAVAILABLE', cause: Error }

test('while the server is away everything says so, and goes on by itself when it is back', async (t) => {
  const { log, written } = lines()
  const schema = newSchema()
  const woken = { times: 0 }
  const inbox = await openInbox(t, { connectionString: url, schema, lease: 1_000, keep: 0 }, { log, wake: () => { woken.times++ } })
  const said = async (text: RegExp) => { while (!written.some(({ msg }) => text.test(String(msg)))) await turns() }
  await Promise.all(adds(inbox, newEvent('a'), newEvent('b')))
  const [held] = await claim(inbox, 1)
  await server.stop()
  await t.rejects(async () => await inbox.add(newEvent('c')), unavailable)
  await t.rejects(async () => await inbox.claim(1), unavailable)
  for (const ask of [
    async () => await inbox.stats(), async () => await inbox.list(), async () => await inbox.get('a'),
    async () => await inbox.replay(['a']), async () => await inbox.discard(['a']), async () => await inbox.forget('a')
  ]) await t.rejects(async () => { await ask() }, unavailable, String(ask))
  await said(/leases of events under way could not be renewed/)
  await said(/old events could not be removed/)
  if (held !== undefined) await inbox.settle(held, done(held))
  await said(/could not be stored: it is tried again/)
  await server.start()
  t.equal(await inbox.add(newEvent('c')), 'accepted')
  const pool = openPool(t, url)
  const isSettled = async () => (await pool.query(`SELECT FROM "${schema}".totals WHERE done > 0`)).rows.length > 0
  while (!(await isSettled())) await turns()
  t.match(await inbox.stats(), { pending: 2 })
  t.match(written.filter(({ msg }) => /taken over/.test(String(msg))), [])

  const other = await openInbox(t, { connectionString: url, schema })
  woken.times = 0
  await other.add(newEvent('d'))
  while (woken.times === 0) await turns()
})

test('one renewal at a time is under way', async (t) => {
  const schema = newSchema()
  const pool = openPool(t, url)
  const inbox = await openInbox(t, { connectionString: url, schema, lease: 1_000 })
  await inbox.add(newEvent('a'))
  const [held] = await claim(inbox)
  const client = await pool.connect()
  await client.query(`BEGIN; SELECT FROM "${schema}".lanes FOR UPDATE`)
  const renewals = async () => {
    const { rows } = await pool.query("SELECT query_start::text FROM pg_stat_activity WHERE query LIKE '%renew(%' AND wait_event_type = 'Lock'")
    return rows.length
  }
  while (await renewals() === 0) await turns()
  while (held?.isHeld === true) await turns()
  t.equal(await renewals(), 1)
  await client.query('COMMIT')
  client.release()
  while (held?.isHeld === false) await turns()
  t.equal(held?.isHeld, true, 'nobody had taken it over')
})

test('an inbox that is closed while the server is away ends all the same', async (t) => {
  const { log, written } = lines()
  const inbox = await openInbox(t, { connectionString: url, schema: newSchema() }, { log })
  await inbox.add(newEvent('a'))
  const [held] = await claim(inbox)
  await server.stop()
  if (held !== undefined) await inbox.settle(held, done(held))
  const [adding] = adds(inbox, newEvent('b'))
  await Promise.all([t.rejects(async () => await adding, { code: /CLOSING|UNAVAILABLE/ }), inbox.close()])
  t.match(written.filter(({ level }) => level === 50), [{ msg: /could not be stored/ }])
  await server.start()
})

test('an inbox that has asked in vain, and then is closed while the server is away, ends all the same', async (t) => {
  const { log, written } = lines()
  const inbox = await openInbox(t, { connectionString: url, schema: newSchema() }, { log })
  await server.stop()
  await t.rejects(async () => await inbox.claim(1), unavailable)
  await inbox.close()
  t.same(written.filter(({ level }) => level === 50), [])
  await server.start()
})
