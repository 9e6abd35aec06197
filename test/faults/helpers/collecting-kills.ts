import { randomInt } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { test } from 'tap'
import type { Test } from 'tap'
import { randomFrom } from '../../../lib/cli/send/chaos/random.ts'
import { burstProblems } from './bursts.ts'
import { notedIn } from './deliveries.ts'
import { HostGroup } from './host-group.ts'
import type { Collecting, Settings } from './messages.ts'
import { until } from './until.ts'

const CONVERSATIONS = 18
/** Of these conversations, a second: some bursts have one event, most have several, and some are full. */
const RATE = 150
const COLLECT = { quiet: 100, within: 400, most: 3 }
/** Nothing is to die of the kills. */
const RETRY = { attempts: 50, minDelay: 1, maxDelay: 8, factor: 2 }

interface Plan {
  readonly processes: number
  readonly kills: number
  readonly saves?: Collecting['saves']
  /** Whether nobody listens. */
  readonly alone?: boolean
  /** Looks at what else there is, at the end. */
  readonly check?: (t: Test, posted: ReadonlyMap<string, number>) => Promise<void>
}

/** So many kills of processes with one inbox, while bursts come in, wait, are handed over and fail. */
export function testCollectingKills (inbox: string, settings: (t: Test) => Settings, { processes, kills, saves, alone = false, check }: Plan): void {
  test(`${inbox}: however often processes are killed, each event that was answered 200 is collected, in order, ${alone ? 'with no listener before' : 'after its listeners'}, and again only if its burst was under way (${kills} kills)`, async (t) => {
    const seed = Number(process.env.FAULTS_SEED ?? randomInt(2 ** 31))
    const random = randomFrom(seed)
    const group = new HostGroup(t, { ...settings(t), collect: { options: COLLECT, saves, alone }, options: { retry: RETRY, concurrency: 8 } }, { rate: RATE, pause: 40 })
    const bursts = () => notedIn(group.deliveries).filter((line) => 'ns' in line)
    await Promise.all(Array.from({ length: processes }, async () => await group.start()))
    const sending = group.sendAll(CONVERSATIONS, seed)
    let next = group.held()
    for (let killed = 0; killed < kills; killed++) {
      // At any moment of its life, or of its start.
      const enough = bursts().length + random() * 20
      if (random() < 0.7) await until(() => bursts().length >= enough)
      else await setTimeout(random() * 300)
      const member = group.members[Math.floor(random() * group.members.length)]
      if (member !== undefined) await group.kill(member)
      await next.start()
      next = group.held()
    }
    // There has to be some of each.
    await until(() => [1, 2, COLLECT.most].every((size) => bursts().some(({ ns }) => ns.length === size)))
    group.going = false
    const posted = await sending
    const at = `seed ${seed}: FAULTS_SEED=${seed} tries it again`
    if (alone) await until(async () => (await group.stats()).pending === 0)
    else t.same(await group.problems(posted), [], at)
    t.same(burstProblems(notedIn(group.deliveries), posted, group.killed, !alone), [], at)
    await check?.(t, posted)
    for (const { host } of group.members) t.same(await host.kill('SIGTERM'), { code: 0, signal: null })
  })
}
