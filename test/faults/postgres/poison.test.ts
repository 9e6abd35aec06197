import { join } from 'node:path'
import tap, { test } from 'tap'
import { postgresUrl, schemas } from '../../helpers/postgres.ts'
import { Client, job } from '../helpers/client.ts'
import { deliveriesIn } from '../helpers/deliveries.ts'
import { folder } from '../helpers/folder.ts'
import { HostProcess } from '../helpers/host-process.ts'
import type { Settings } from '../helpers/messages.ts'
import { until } from '../helpers/until.ts'

const ATTEMPTS = 3
const INNOCENT = 20

const url = await postgresUrl(tap)
const newSchema = schemas(tap, url)

test('an event whose listener ends the process ends no more processes than it has attempts, and all others are delivered', async (t) => {
  const deliveries = join(folder(t), 'deliveries')
  const settings: Settings = { postgres: { connectionString: url, schema: newSchema(), lease: 1_000 }, deliveries }
  const receiver = new HostProcess(t, { ...settings, options: { deliver: false } })
  const client = new Client(t, await receiver.port())
  const conversations = ['poisoned', ...Array.from({ length: INNOCENT }, (_, i) => `innocent ${i}`)]
  for (const conversation of conversations) for (const n of [0, 1]) await client.post(job(conversation, n))
  const start = () => new HostProcess(t, {
    ...settings,
    poison: { conversation: 'poisoned', end: 'kill' },
    options: { retry: { attempts: ATTEMPTS, minDelay: 1, maxDelay: 4 } }
  })
  for (let ends = 0; ends < ATTEMPTS; ends++) t.same(await start().ended(), { code: null, signal: 'SIGKILL' })
  const last = start()
  await until(async () => (await client.get('/stats')).body.pending === 0)
  t.match((await client.get('/stats')).body, { done: 2 * INNOCENT + 1, dead: 1 })
  t.match(await last.kill('SIGTERM'), { code: 0 })
  t.match(await last.log, /the process ended while it was being delivered/)
  const all = deliveriesIn(deliveries)
  t.same(all.filter(({ conversation, n, what }) => conversation === 'poisoned' && n === 0 && what === 'start').map(({ attempt }) => attempt), [1, 2, 3])
  const done = all.filter(({ what }) => what === 'done').map(({ conversation, n }) => `${conversation}: ${n}`)
  t.same(new Set(done), new Set(conversations.flatMap((name) => name === 'poisoned' ? ['poisoned: 1'] : [`${name}: 0`, `${name}: 1`])))
  t.match(await receiver.kill('SIGTERM'), { code: 0 })
})
