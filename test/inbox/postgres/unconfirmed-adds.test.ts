import tap, { test } from 'tap'
import type { Test } from 'tap'
import { Database } from '../../../lib/inbox/postgres/database.ts'
import { UnconfirmedAdds } from '../../../lib/inbox/postgres/unconfirmed-adds.ts'
import { until } from '../../faults/helpers/until.ts'
import { lines, openInbox, openPool, postgresUrl, schemas } from '../../helpers/postgres.ts'
import { newEvent } from '../conformance.ts'

const url = await postgresUrl(tap)
const newSchema = schemas(tap, url)

async function open (t: Test, { uncertain = 60_000, most = 100 } = {}) {
  const { log, written } = lines()
  const schema = newSchema()
  const inbox = await openInbox(t, { connectionString: url, schema })
  const pool = openPool(t, url)
  const counts = { looks: 0, added: 0 }
  pool.on('release', () => { counts.looks++ })
  const onAdded = () => { counts.added++ }
  const unconfirmed = new UnconfirmedAdds({ database: new Database(pool, log), schema, log, onAdded }, { every: 5, uncertain, most })
  t.teardown(async () => { await unconfirmed.close() })
  const store = async (...ids: string[]) => { for (const id of ids) await inbox.add(newEvent('a', { id })) }
  const told = () => written.flatMap(({ msg, webhooks }) => /stored after all/.test(String(msg)) ? [webhooks] : [])
  return { unconfirmed, store, told, counts }
}

test('it is asked until the event is stored, for the server may still have been at work, and told once', async (t) => {
  const { unconfirmed, store, told, counts } = await open(t)
  unconfirmed.remember(['late', 'never'])
  await until(() => counts.looks > 2)
  t.same([told(), counts.added], [[], 0])
  await store('late')
  await until(() => told().length > 0)
  const { looks } = counts
  await until(() => counts.looks > looks + 2)
  t.same([told(), counts.added], [[['late']], 1])
})

test('after a while nothing will come any more: then it is forgotten', async (t) => {
  const { unconfirmed, store, told, counts } = await open(t, { uncertain: 0 })
  unconfirmed.remember(['never'])
  await until(() => counts.looks > 0)
  await store('never', 'b')
  unconfirmed.remember(['b'])
  await until(() => told().length > 0)
  t.same(told(), [['b']])
})

test('only so many are remembered: the oldest is out', async (t) => {
  const { unconfirmed, store, told } = await open(t, { most: 2 })
  await store('a', 'b', 'c')
  unconfirmed.remember(['b', 'a'])
  unconfirmed.remember(['b', 'c']) // b is as new as c
  await until(() => told().length > 0)
  t.same(told(), [['b', 'c']])
})

test('what came in again and was answered needs no line', async (t) => {
  const { unconfirmed, store, told } = await open(t)
  await store('a', 'b')
  unconfirmed.remember(['a', 'b'])
  unconfirmed.forget(['a'])
  await until(() => told().length > 0)
  t.same(told(), [['b']])
})

test('once it is closed, nothing is asked', async (t) => {
  const { unconfirmed, counts } = await open(t)
  unconfirmed.remember(['a'])
  await unconfirmed.close()
  unconfirmed.remember(['b'])
  const other = await open(t)
  other.unconfirmed.remember(['a'])
  await until(() => other.counts.looks > 2)
  t.equal(counts.looks, 0)
})
