import { test } from 'tap'
import { afterKill } from '../helpers/poison.ts'
import { until } from '../helpers/until.ts'

const ATTEMPTS = 3
const INNOCENT = 40
const NAMES = ['poisoned', ...Array.from({ length: INNOCENT }, (_, i) => `innocent ${i}`)]

for (const end of ['exit', 'kill', 'throw'] as const) {
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
