import { randomInt } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import { openPool, PostgresServer } from '../../helpers/postgres.ts'
import { Fleet } from '../helpers/fleet.ts'
import { randomFrom } from '../../../lib/cli/send/chaos/random.ts'
import { until } from '../helpers/until.ts'

const server = await PostgresServer.create(tap)

/** Two processes under load, while something happens to the server. */
async function underLoad (t: Test, happening: (fleet: Fleet) => Promise<void>): Promise<Fleet> {
  const seed = Number(process.env.FAULTS_SEED ?? randomInt(2 ** 31))
  const fleet = new Fleet(t, server.url)
  for (let i = 0; i < 2; i++) await fleet.start()
  const conversations = Array.from({ length: 12 }, (_, i) => `conversation ${i}`)
  const sending = Promise.all(conversations.map(async (conversation, i) => [conversation, await fleet.send(conversation, randomFrom(seed + i))] as const))
  await until(() => fleet.noted().length > 100)
  await happening(fleet)
  const noted = fleet.noted().length
  await until(() => fleet.noted().length > noted + 100)
  fleet.going = false
  const posted = new Map(await sending)
  t.same(await fleet.problems(posted), [], `seed ${seed}: FAULTS_SEED=${seed} tries it again`)
  for (const { host } of fleet.members) t.same(await host.kill('SIGTERM'), { code: 0, signal: null }, 'it has lived all the time')
  return fleet
}

for (const [how, end] of [['stopped', () => server.stop()], ['crashes', () => server.crash()]] as const) {
  test(`while the server is ${how === 'stopped' ? how : 'down, for it crashes'}, events get 503, and when it is back all goes on, with nothing lost`, async (t) => {
    const fleet = await underLoad(t, async ({ answers }) => {
      await end()
      const refused = () => answers.filter(({ statusCode }) => statusCode === 503)
      await until(() => refused().length > 20)
      t.ok(refused().every(({ headers }) => headers['retry-after'] === '5'))
      await server.start()
    })
    t.same([...new Set(fleet.answers.map(({ statusCode }) => statusCode))].sort(), [200, 503])
  })
}

test('connections that are cut one by one are replaced, with nothing lost, and notifications come again', async (t) => {
  await underLoad(t, async () => {
    const admin = openPool(t, server.url)
    for (let cuts = 0; cuts < 40; cuts++) {
      await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'fastify-oneroute-webhooks'
        ORDER BY ${cuts % 4 === 0 ? "query LIKE 'LISTEN%' DESC" : 'random()'} LIMIT 1`)
      await setTimeout(20)
    }
    await until(async () => (await admin.query("SELECT FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")).rowCount === 2)
  })
})
