import { join } from 'node:path'
import { test } from 'tap'
import { Client, job } from '../helpers/client.ts'
import { deliveriesIn } from '../helpers/deliveries.ts'
import { folder } from '../helpers/folder.ts'
import { HostProcess } from '../helpers/host-process.ts'
import { isLocked } from '../helpers/locked.ts'
import type { Settings } from '../helpers/messages.ts'
import { until } from '../helpers/until.ts'

test('a killed owner does not keep its file', async (t) => {
  const dir = folder(t)
  const settings: Settings = { path: join(dir, 'inbox.db'), deliveries: join(dir, 'deliveries'), listener: 'stuck' }
  const first = new HostProcess(t, settings)
  t.equal((await new Client(t, await first.port()).post(job('a', 0))).statusCode, 200)
  t.same(await first.kill(), { code: null, signal: 'SIGKILL' })
  const next = new HostProcess(t, { ...settings, listener: 'quick' })
  await next.port()
  await until(() => deliveriesIn(settings.deliveries ?? '').some(({ what }) => what === 'done'))
})

test('an owner that stands still keeps its file', async (t) => {
  const path = join(folder(t), 'inbox.db')
  const first = new HostProcess(t, { path })
  const client = new Client(t, await first.port())
  first.process.kill('SIGSTOP')
  await isLocked(t, path)
  first.process.kill('SIGCONT')
  t.equal((await client.post(job('a', 0))).statusCode, 200)
})

test('of many processes that start at once, one gets the file', async (t) => {
  const path = join(folder(t), 'inbox.db')
  const hosts = Array.from({ length: 3 }, () => new HostProcess(t, { path, wait: 0 }))
  const said = await Promise.all(hosts.map(async (host) => await host.start()))
  t.equal(said.filter((line) => 'port' in line).length, 1)
  t.equal(said.filter((line) => 'code' in line && line.code === 'FST_ONEROUTE_INBOX_LOCKED').length, 2)
})
