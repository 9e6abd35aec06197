import tap, { test } from 'tap'
import { PostgresServer } from '../../helpers/postgres.ts'
import { underLoad } from '../helpers/under-load.ts'
import { until } from '../helpers/until.ts'

tap.jobs = 2 // each has a server of its own, and waits for it

for (const [how, end] of [['stopped', 'stop'], ['crashes', 'crash']] as const) {
  test(`while the server is ${how === 'stopped' ? how : 'down, for it crashes'}, events get 503, and when it is back all goes on, with nothing lost`, async (t) => {
    const server = await PostgresServer.create(t)
    const fleet = await underLoad(t, server.url, async ({ answers }) => {
      await server[end]()
      const refused = () => answers.filter(({ statusCode }) => statusCode === 503)
      await until(() => refused().length > 20)
      t.ok(refused().every(({ headers }) => headers['retry-after'] === '5'))
      await server.start()
    })
    t.same([...new Set(fleet.answers.map(({ statusCode }) => statusCode))].sort(), [200, 503])
  })
}
