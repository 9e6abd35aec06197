import pg from 'pg'
import tap, { test } from 'tap'
import { openPool, postgresUrl } from '../../helpers/postgres.ts'
import { job } from '../helpers/client.ts'
import { Fleet } from '../helpers/fleet.ts'
import { until } from '../helpers/until.ts'

const PROCESSES = 5

const url = await postgresUrl(tap)
const admin = openPool(tap, url)

test(`${PROCESSES} processes that start at the same moment on an empty database all come up, and have one inbox`, async (t) => {
  const fleet = new Fleet(t, url)
  const first = await admin.connect()
  await first.query(`BEGIN; CREATE SCHEMA ${pg.escapeIdentifier(fleet.schema)}`) // until that is undone, nobody gets on
  const starting = Promise.all(Array.from({ length: PROCESSES }, async () => await fleet.start()))
  await until(async () => (await admin.query(`SELECT FROM pg_stat_activity
    WHERE application_name = 'fastify-oneroute-webhooks' AND wait_event_type = 'Lock'`)).rows.length >= PROCESSES)
  await first.query('ROLLBACK')
  first.release()
  const members = await starting
  const answers = await Promise.all(members.map(async ({ client }) => (await client.post(job('a', 0))).body.status))
  t.same(answers.sort(), ['accepted', ...Array.from({ length: PROCESSES - 1 }, () => 'duplicate')])
  t.same(await fleet.problems(new Map([['a', 1]])), [])
  for (const member of members) t.same(await fleet.retire(member), { code: 0, signal: null })
})
