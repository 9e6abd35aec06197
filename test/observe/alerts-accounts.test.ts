import tap, { test } from 'tap'
import { sqliteInbox } from '../../lib/inbox/sqlite/inbox.ts'
import { DAY, Night, target } from '../helpers/night.ts'
import { temporaryFile } from '../helpers/sqlite.ts'
import { fired, names, say } from './helpers/alerts.ts'

tap.setTimeout(120_000)

test('no process at all: silence', async (t) => {
  const a = await target(t, { inbox: sqliteInbox({ path: temporaryFile(t) }) })
  a.app.webhooks.on('newMessage', () => {})
  const night = new Night(t, a)
  await night.pass(120, async () => await say(a.app))
  night.skip(DAY - 120)
  await night.pass(20, async () => await say(a.app))
  night.scrape()
  await night.pass(50)
  fired(t, await night.alerts(DAY + 1), [{ alert: 'Silence', from: DAY + 56, to: DAY + 70 }])
})

test('one webhook that failed is no alarm', async (t) => {
  const a = await target(t, {})
  let failing = true
  a.app.webhooks.on('newMessage', () => { if (failing) throw new Error('as it was told') })
  const night = new Night(t, a)
  await night.pass(5)
  t.equal(await say(a.app), 500)
  failing = false
  await night.pass(30, async () => await say(a.app))
  t.same(await night.alerts(0), [])
})

for (const every of [12, 20, 30]) {
  test(`an account with a message in ${every} minutes is told of a changed key`, async (t) => {
    const a = await target(t, { secret: 'key', inbox: sqliteInbox({ path: temporaryFile(t) }) })
    a.app.webhooks.on('newMessage', () => {})
    const night = new Night(t, a)
    await night.pass(240, async (minute) => { if (minute % every === 0) await say(a.app, minute < 60 ? 'key' : 'another') })
    t.same(names(await night.alerts(0)), ['Refused'])
  })

  test(`an account with a message in ${every} minutes is told of a listener that fails with the memory inbox`, async (t) => {
    const a = await target(t, { secret: 'key' })
    a.app.webhooks.on('newMessage', () => { throw new Error('broken') })
    const night = new Night(t, a)
    await night.pass(180, async (minute) => { if (minute % every === 0) await say(a.app) })
    t.same(names(await night.alerts(0)), ['Failed'])
  })
}
