import tap, { test } from 'tap'
import { sqliteInbox } from '../../lib/inbox/sqlite/inbox.ts'
import { post } from '../helpers/app.ts'
import { DAY, Night, target } from '../helpers/night.ts'
import { temporaryFile } from '../helpers/sqlite.ts'
import { say } from './helpers/alerts.ts'

tap.setTimeout(120_000)

/** How many messages there are in a minute of the day: few at night, and none from ten o'clock on but now and then. */
function usual (minute: number): number {
  const hour = Math.floor(minute % DAY / 60)
  if (hour < 7) return minute % 97 === 0 ? 1 : 0
  return Number(minute % (hour < 21 ? 3 : hour < 22 ? 2 : 13) === 0)
}

test('two usual days: nothing fires for a quiet night, restarts, another process, some that were refused, retries that succeed', async (t) => {
  const path = temporaryFile(t)
  const start = async (instance: string, file = path) => {
    const started = await target(t, { secret: 'key', inbox: sqliteInbox({ path: file }), retry: { minDelay: 1, maxDelay: 1 } }, instance)
    started.app.webhooks.on('newMessage', (_event, { attempt }) => { if (attempt === 1 && Math.floor(Date.now() / 60_000) % 20 === 1) throw new Error('as it was told') })
    return started
  }
  let now = await start('a:3000')
  const night = new Night(t, now)
  const minutes = async (count: number, happens = usual) => {
    await night.pass(count, async (minute) => {
      for (let i = happens(minute); i > 0; i--) t.equal(await say(now.app), 200)
      // Somebody who tries the address: once an hour, and all at once at night.
      if (minute % 60 === 30) for (let i = minute % DAY < 60 ? 5 : 1; i > 0; i--) await post(now.app, '{}')
    })
  }
  await minutes(12 * 60)
  await now.app.close()
  night.scrape()
  await night.pass(2)
  now = await start('a:3000') // as it was restarted: it counts anew
  night.scrape(now)
  await minutes(21 * 60)
  await now.app.close()
  now = await start('b:3000') // as it is deployed: in another place, with another one that gets nothing
  night.scrape(now, await start('c:3000', temporaryFile(t)))
  await minutes(12 * 60 + 38)
  await minutes(60, () => 0) // this day ends a little earlier than the one before
  await minutes(80)
  t.same(await night.alerts(0), [])
})
