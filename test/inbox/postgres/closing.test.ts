import { EventEmitter } from 'node:events'
import { test } from 'tap'
import { Database } from '../../../lib/inbox/postgres/database.ts'
import { Notifications } from '../../../lib/inbox/postgres/notifications.ts'
import { turns } from '../../helpers/app.ts'
import { lines } from '../../helpers/postgres.ts'

/** A pool whose server never gets through with a statement, as somebody else is quicker. */
function busyPool () {
  const asked: string[] = []
  const connect = async () => Object.assign(new EventEmitter(), {
    query: async ({ text }: { text: string }) => {
      asked.push(text)
      throw Object.assign(new Error('could not serialize access'), { code: '40001' })
    },
    release: () => {}
  })
  return { asked, pool: Object.assign(new EventEmitter(), { connect }) }
}

const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

test('a statement that is to be run again does not wait for that once the database is closed', async (t) => {
  t.intercept(Math, 'random', { value: () => 1 })
  const { asked, pool } = busyPool()
  const before = timers()
  const database = new Database(pool, lines().log)
  const running = database.run('SELECT 1')
  running.catch(() => {})
  while (asked.length < 5) await turns()
  await database.close()
  for (let i = 0; i < 20; i++) await Promise.resolve() // and no timer fires meanwhile
  t.equal(timers(), before)
  await t.rejects(running, { code: 'FST_ONEROUTE_CLOSING' })
})

test('what is changed after the end is told to nobody', async (t) => {
  const { asked, pool } = busyPool()
  const database = new Database(pool, lines().log)
  const notifications = new Notifications({ database, schema: 'any', connections: 1, wake: () => {}, onRemoved: () => {} })
  await notifications.close()
  notifications.notify([1])
  await turns()
  t.same(asked, [])
  await database.close()
})
