import { join } from 'node:path'
import { test } from 'tap'
import { Client, job } from '../helpers/client.ts'
import { deliveriesIn } from '../helpers/deliveries.ts'
import { folder } from '../helpers/folder.ts'
import { HostProcess } from '../helpers/host-process.ts'
import { until } from '../helpers/until.ts'

const ATTEMPTS = 3
/** Far more than can be under way at once. */
const INNOCENT = 300
const NAMES = ['poisoned', ...Array.from({ length: INNOCENT }, (_, i) => `innocent ${i}`)]

test('an event whose listener ends the process while others are on trial beside it is found, and harms none of them', async (t) => {
  const dir = folder(t)
  const settings = { path: join(dir, 'inbox.db'), deliveries: join(dir, 'deliveries'), poison: { conversation: 'poisoned', end: 'exit' } } as const
  const first = new HostProcess(t, { ...settings, options: { deliver: false } })
  const client = new Client(t, await first.port(), 16)
  const answers = await Promise.all(NAMES.map(async (name) => await client.post(job(name, 0))))
  t.same(new Set(answers.map(({ statusCode }) => statusCode)), new Set([200]))
  await first.kill()
  const stats = async () => (await client.get('/stats')).body
  const isThrough = async (host: HostProcess) => {
    client.port = await host.port()
    try {
      await until(async () => (await stats()).pending === 0)
      return true
    } catch {
      await host.ended()
      return false
    }
  }
  const start = () => new HostProcess(t, { ...settings, options: { retry: { attempts: ATTEMPTS, minDelay: 1, maxDelay: 4 } } })
  let ends = 0
  while (!await isThrough(start())) ends++
  t.ok(ends === ATTEMPTS || ends === ATTEMPTS + 1, `${ends} ends: one more than attempts if it was beside others at the first`)
  t.match(await stats(), { done: INNOCENT, dead: 1 })
  const all = deliveriesIn(settings.deliveries)
  t.same(all.filter(({ conversation, attempt }) => conversation !== 'poisoned' && attempt !== 1), [], 'no attempt of theirs is lost')
  t.same(new Set(all.filter(({ what }) => what === 'done').map(({ conversation }) => conversation)), new Set(NAMES.slice(1)))
})
