import { randomInt } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { test } from 'tap'
import { Fleet } from './fleet.ts'
import { randomFrom } from '../../../lib/cli/send/chaos/random.ts'

/** So many kills of processes that share a database: as in kills.ts. */
export function testKillsOn (url: string, kills: number): void {
  test(`three processes, killed again and again: nothing that was answered 200 is lost, and no conversation loses its order (${kills} kills)`, async (t) => {
    const seed = Number(process.env.FAULTS_SEED ?? randomInt(2 ** 31))
    const random = randomFrom(seed)
    const fleet = new Fleet(t, url)
    await Promise.all(Array.from({ length: 3 }, async () => await fleet.start()))
    const sending = fleet.sendAll(18, seed)
    let next = fleet.held()
    for (let killed = 0; killed < kills; killed++) {
      await setTimeout(random() * 300)
      const member = fleet.members[Math.floor(random() * fleet.members.length)]
      if (member !== undefined) await fleet.kill(member)
      await next.start()
      next = fleet.held()
    }
    fleet.going = false
    const posted = await sending
    t.same(await fleet.problems(posted), [], `seed ${seed}: FAULTS_SEED=${seed} tries it again`)
    for (const { host } of fleet.members) t.same(await host.kill('SIGTERM'), { code: 0, signal: null })
  })
}
