import { randomInt } from 'node:crypto'
import type { Test } from 'tap'
import { Fleet } from './fleet.ts'
import { until } from './until.ts'

/** Two processes under load, while something happens to the server. */
export async function underLoad (t: Test, url: string, happening: (fleet: Fleet) => Promise<void>): Promise<Fleet> {
  const seed = Number(process.env.FAULTS_SEED ?? randomInt(2 ** 31))
  const fleet = new Fleet(t, url)
  await Promise.all([fleet.start(), fleet.start()])
  const sending = fleet.sendAll(12, seed)
  await until(() => fleet.noted().length > 100)
  await happening(fleet)
  const noted = fleet.noted().length
  await until(() => fleet.noted().length > noted + 100)
  fleet.going = false
  const posted = await sending
  t.same(await fleet.problems(posted), [], `seed ${seed}: FAULTS_SEED=${seed} tries it again`)
  for (const { host } of fleet.members) t.same(await host.kill('SIGTERM'), { code: 0, signal: null }, 'it has lived all the time')
  return fleet
}
