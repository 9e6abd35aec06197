import { setTimeout } from 'node:timers/promises'
import tap, { test } from 'tap'
import { openPool, postgresUrl } from '../../helpers/postgres.ts'
import { underLoad } from '../helpers/under-load.ts'
import { until } from '../helpers/until.ts'

const url = await postgresUrl(tap)

test('connections that are cut one by one are replaced, with nothing lost, and notifications come again', async (t) => {
  await underLoad(t, url, async () => {
    const admin = openPool(t, url)
    for (let cuts = 0; cuts < 40; cuts++) {
      await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'fastify-oneroute-webhooks'
        ORDER BY ${cuts % 4 === 0 ? "query LIKE 'LISTEN%' DESC" : 'random()'} LIMIT 1`)
      await setTimeout(20)
    }
    await until(async () => (await admin.query("SELECT FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")).rowCount === 2)
  })
})
