import tap, { test } from 'tap'
import { beginEpoch, SPEND, stranded } from '../../helpers/epochs.ts'
import { idArray } from '../../helpers/postgres-ids.ts'
import { openInbox, postgresUrl } from '../../helpers/postgres.ts'
import { claimSoon, ids } from '../../helpers/processes.ts'
import { adds, newEvent } from '../../inbox/conformance.ts'
import { racesOn } from '../helpers/races.ts'

const url = await postgresUrl(tap)
const { admin, share, waits } = racesOn(tap, url)

const LEVELS = ['read committed', 'repeatable read', 'serializable'] as const

/** Whoever connects so has this isolation level. */
function urlWith (level: string): string {
  const changed = new URL(url)
  changed.searchParams.set('options', `-c default_transaction_isolation=${level.replace(' ', '\\ ')}`)
  return changed.href
}

const addOne = (tables: string) =>
  `SELECT ${tables}.add_events(${idArray('b1')}, '{job}', '{b}', '{0}', '{1}', '{NULL}', '{0}', '{15}', '{"event":"job"}'::text::bytea, 100)`

for (const level of LEVELS) {
  test(`what is added while an epoch begins is in that, and is delivered: ${level}`, async (t) => {
    const { inboxes: [inbox], tables } = await share(t, 1)
    const schema = tables.slice(1, -1)
    const adding = await openInbox(t, { connectionString: urlWith(level), schema })
    await inbox?.add(newEvent('a', { id: 'a1' }))
    await admin.query(SPEND)
    const rotating = await admin.connect()
    await rotating.query('BEGIN')
    t.match((await rotating.query(`SELECT ${tables}.rotate() AS begun`)).rows, [{ begun: true }])
    const added = [...adds(adding, newEvent('a', { id: 'a2' }), newEvent('b', { id: 'b1' }))]
    await waits(Promise.all(added), rotating)
    await rotating.query('COMMIT')
    rotating.release()
    t.same(await Promise.all(added), ['accepted', 'accepted'])
    t.equal(await stranded(admin, tables), 0)
    t.match(await adding.stats(), { pending: 3 })
    t.same(ids(await claimSoon(adding, 64)).sort(), ['a: a1 1 a2 1', 'b: b1 1'])
  })

  test(`no epoch begins while somebody is at work, and then what that has left is in it: ${level}`, async (t) => {
    const { inboxes: [inbox], tables } = await share(t, 1)
    await inbox?.add(newEvent('a', { id: 'a1' }))
    const client = await admin.connect()
    await client.query(`BEGIN ISOLATION LEVEL ${level}`)
    await client.query(addOne(tables))
    await admin.query(SPEND)
    await t.rejects(async () => await admin.query(`SELECT ${tables}.rotate()`), { code: '55P03' }, 'it does not wait for long')
    await client.query('COMMIT')
    client.release()
    await beginEpoch(admin, tables)
    t.equal(await stranded(admin, tables), 0)
    t.same(ids(await inbox?.claim(64) ?? []).sort(), ['a: a1 1', 'b: b1 1'])
  })
}

for (const level of LEVELS.slice(1)) {
  test(`who has looked before an epoch began and goes on after it has to begin anew: ${level}`, async (t) => {
    const { tables } = await share(t, 1)
    const client = await admin.connect()
    t.teardown(() => { client.release() })
    // The second one would only look.
    for (const work of [addOne, (tables: string) => `SELECT ${tables}.recovering()`]) {
      await client.query(`BEGIN ISOLATION LEVEL ${level}`)
      await client.query('SELECT FROM pg_class')
      await beginEpoch(admin, tables)
      await t.rejects(async () => await client.query(work(tables)), { code: '40001' })
      await client.query('ROLLBACK')
    }
    t.equal(await stranded(admin, tables), 0)
  })
}
