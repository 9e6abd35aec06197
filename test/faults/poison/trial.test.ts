import { test } from 'tap'
import { afterKill } from '../helpers/poison.ts'
import { until } from '../helpers/until.ts'

test('an orderly end in the middle of a trial counts nothing', async (t) => {
  const { start, stats, deliveries } = await afterKill(t, ['a', 'b'])
  for (let starts = 1; starts <= 2; starts++) {
    const stuck = await start({ listener: 'stuck', options: { drainTimeout: 1 } })
    await until(() => deliveries().length === starts)
    t.same(await stuck.kill('SIGTERM'), { code: 0, signal: null })
  }
  await start({})
  await until(async () => (await stats()).pending === 0)
  t.match(await stats(), { done: 4 })
  t.same(deliveries().filter(({ attempt }) => attempt !== 1), [])
})
