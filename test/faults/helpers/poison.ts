import { join } from 'node:path'
import { test } from 'tap'
import type { Test } from 'tap'
import { Client, job } from './client.ts'
import { deliveriesIn } from './deliveries.ts'
import { folder } from './folder.ts'
import { HostProcess } from './host-process.ts'
import type { Settings } from './messages.ts'
import { until } from './until.ts'

const ATTEMPTS = 3
const INNOCENT = 40
const NAMES = ['poisoned', ...Array.from({ length: INNOCENT }, (_, i) => `innocent ${i}`)]

/** A process that has accepted two events of each conversation and was killed before it delivered any. */
export async function afterKill (t: Test, conversations: readonly string[]) {
  const dir = folder(t)
  const settings = { path: join(dir, 'inbox.db'), deliveries: join(dir, 'deliveries') }
  const host = new HostProcess(t, { ...settings, options: { deliver: false } })
  const client = new Client(t, await host.port())
  const posted = conversations.flatMap((conversation) => [job(conversation, 0), job(conversation, 1)])
  for (const event of posted) t.equal((await client.post(event)).statusCode, 200)
  await host.kill()
  const start = async (more: Partial<Settings>) => {
    const host = new HostProcess(t, { ...settings, ...more })
    client.port = await host.port()
    return host
  }
  const stats = async () => (await client.get('/stats')).body
  return { start, stats, deliveries: () => deliveriesIn(settings.deliveries) }
}

/** What an event whose listener ends the process may do: one file for each way to end it, for each starts some processes. */
export function testEnd (end: 'exit' | 'kill' | 'throw'): void {
  test(`an event whose listener ends the process is dead after so many ends, and harms no other (${end})`, async (t) => {
    const { start, stats, deliveries } = await afterKill(t, NAMES)
    const settings = { poison: { conversation: 'poisoned', end }, options: { retry: { attempts: ATTEMPTS, minDelay: 1, maxDelay: 4 } } }
    for (let ends = 0; ends < ATTEMPTS; ends++) {
      const host = await start(settings) // it listens each time
      t.same(await host.ended(), end === 'kill' ? { code: null, signal: 'SIGKILL' } : { code: end === 'exit' ? 3 : 1, signal: null })
    }
    const last = await start(settings)
    await until(async () => (await stats()).pending === 0)
    t.match(await stats(), { done: 2 * INNOCENT + 1, dead: 1 })
    t.match(await last.kill('SIGTERM'), { code: 0 })
    t.match(await last.log, /the process ended while it was being delivered/)
    const all = deliveries()
    t.same(all.filter(({ conversation, n, what }) => conversation === 'poisoned' && n === 0 && what === 'start').map(({ attempt }) => attempt), [1, 2, 3])
    const done = all.filter(({ what }) => what === 'done').map(({ conversation, n }) => `${conversation}: ${n}`)
    t.same(new Set(done), new Set(NAMES.flatMap((name) => name === 'poisoned' ? ['poisoned: 1'] : [`${name}: 0`, `${name}: 1`])))
    // What was done a moment before a process ended may not have been written down yet.
    t.ok(done.length <= 2 * INNOCENT + 1 + ATTEMPTS, `${done.length} deliveries of innocent events`)
    t.same(all.filter(({ conversation, attempt }) => conversation !== 'poisoned' && attempt !== 1), [], 'no attempt of theirs is lost')
  })
}
