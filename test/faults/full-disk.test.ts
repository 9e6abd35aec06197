import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import type { Test } from 'tap'
import { Client, job } from './helpers/client.ts'
import { deliveriesIn, firstDeliveries, overtaking } from './helpers/deliveries.ts'
import { folder } from './helpers/folder.ts'
import { HostProcess } from './helpers/host-process.ts'
import type { Settings } from './helpers/messages.ts'
import { smallDisk } from './helpers/small-disk.ts'
import { until } from './helpers/until.ts'

const LANES = 8

function setUp (t: Test, { lasting = false, ...settings }: Partial<Settings> & { lasting?: boolean } = {}) {
  const disk = smallDisk(t, lasting)
  t.comment(disk.way)
  const deliveries = join(folder(t), 'deliveries')
  const start = (more: Partial<Settings> = {}, wrap = disk.wrap) => new HostProcess(t, {
    path: join(disk.path, 'inbox.db'), deliveries, ballast: join(disk.path, 'ballast'), ...settings, ...more
  }, wrap)
  return { disk, deliveries, start }
}

/** Posts to several conversations, each in order, until one is refused; returns the numbers that were answered 200, and the refusal. */
async function postUntilFull (client: Client, accepted: number[], size: number) {
  for (;;) {
    const answers = await Promise.all(accepted.map(async (n, i) => await client.post(job(`${i}`, n, { text: 'x'.repeat(size) }))))
    for (const [i, { statusCode }] of answers.entries()) if (statusCode === 200) accepted[i] = (accepted[i] ?? 0) + 1
    const refusal = answers.find(({ statusCode }) => statusCode !== 200)
    if (refusal !== undefined) return refusal
  }
}

test('while the disk is full requests are answered 503, and once there is room all goes on without a restart', async (t) => {
  const { disk, deliveries, start } = setUp(t)
  let host = start()
  const client = new Client(t, await host.port())
  const { body: { pid } } = await client.get('/alive')
  const accepted = Array.from({ length: LANES }, () => 0)
  for (let times = 0; times < (disk.ballast ? 2 : 1); times++) {
    if (disk.ballast) await client.post(undefined, '/fill')
    const refusal = await postUntilFull(client, accepted, 20_000)
    t.match(refusal, { statusCode: 503, headers: { 'retry-after': /^\d+$/ }, body: { code: 'FST_ONEROUTE_INBOX_UNAVAILABLE' } })
    t.match(await client.get('/alive'), { statusCode: 200, body: { pid } })
    t.match(await client.get('/stats'), { statusCode: 200 }, 'what is there can still be read')
    t.match(await client.post(job('another', 0, { text: 'x'.repeat(100_000) })), { statusCode: 503 })
    t.match(await client.post(job('another', 0, { text: 'x'.repeat(100_000) })), { statusCode: 503 }, 'it is no duplicate of what was refused')
    if (disk.ballast) await client.post(undefined, '/empty')
    if (!disk.lift(pid ?? 0)) {
      await host.kill('SIGTERM')
      host = start({}, [])
      client.port = await host.port()
    }
    for (const [i, n] of accepted.entries()) {
      t.equal((await client.post(job(`${i}`, n, { text: 'again there is room' }))).statusCode, 200)
      accepted[i] = n + 1
    }
  }
  t.match(await client.post(job('another', 0, { text: 'x'.repeat(100_000) })), { statusCode: 200, body: { status: 'accepted' } })
  await until(async () => (await client.get('/stats')).body.pending === 0)
  const total = accepted.reduce((sum, n) => sum + n, 1)
  t.match((await client.get('/stats')).body, { done: total, dead: 0 })
  t.equal((await client.get('/alive')).body.pid, host.process.pid)
  const all = deliveriesIn(deliveries)
  t.same(overtaking(all), [])
  t.same([...firstDeliveries(all)].sort(), [...accepted.map((n, i) => [`${i}`, Array.from({ length: n }, (_, n) => n)]), ['another', [0]]])
  t.equal(all.filter(({ what }) => what === 'done').length, total, 'each once')
})

test('a process that is killed while the disk is full loses nothing, and goes on when there is room', async (t) => {
  const { disk, deliveries, start } = setUp(t, { lasting: true })
  const host = start({ listener: 'stuck' })
  const client = new Client(t, await host.port())
  const accepted = Array.from({ length: LANES }, () => 0)
  if (disk.ballast) await client.post(undefined, '/fill')
  await postUntilFull(client, accepted, 20_000)
  await host.kill()
  const begun = deliveriesIn(deliveries).length

  const onFullDisk = start({ options: { deliver: false } })
  const said = await onFullDisk.start()
  if ('port' in said) {
    client.port = said.port
    t.match(await client.get('/alive'), { statusCode: 200 }, 'it starts')
    await onFullDisk.kill()
  } else {
    t.match(said, { code: 'FST_ONEROUTE_INBOX_UNUSABLE', message: /inbox\.db/ }, 'it does not start, and says why')
    t.same(await onFullDisk.ended(), { code: 1, signal: null })
  }

  rmSync(join(disk.path, 'ballast'), { force: true })
  const withRoom = start({}, [])
  client.port = await withRoom.port()
  await until(async () => (await client.get('/stats')).body.pending === 0)
  t.match((await client.get('/stats')).body, { done: accepted.reduce((sum, n) => sum + n, 0) })
  const all = deliveriesIn(deliveries).slice(begun)
  t.same([...firstDeliveries(all)].sort(), accepted.map((n, i) => [`${i}`, Array.from({ length: n }, (_, n) => n)]).filter(([, ns]) => ns?.length !== 0))
  t.same(overtaking(all), [])
})
