import { randomInt } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { test } from 'tap'
import { Client, job } from './client.ts'
import { deliveriesIn, firstDeliveries, lostOf, overlapping, overtaking, unordered } from './deliveries.ts'
import { folder } from './folder.ts'
import { HostProcess } from './host-process.ts'
import type { Delivered } from './messages.ts'
import { randomFrom } from '../../../lib/cli/send/chaos/random.ts'
import { until } from './until.ts'

const CONVERSATIONS = 24
/** What a process accepts at most before it is killed. */
const MOST = 150
const ATTEMPTS = 3
const RETRY = { attempts: ATTEMPTS, minDelay: 1, maxDelay: 8, factor: 2 }

/** What is to become of an event: most are simple, some take time, some fail at first, a few for good. */
function behaviour (random: () => number, slow: boolean) {
  const dice = random()
  const fails = dice < 0.02 ? ATTEMPTS : dice < 0.1 ? 1 : 0
  return { fails, turns: Math.floor(random() * (slow ? 30 : 3)), text: 'x'.repeat(random() * 2_000) }
}

/** One after the other, each until it is answered 200: their order is known. */
async function sendAll (client: Client, conversation: string, random: () => number, going: { on: boolean, up: Promise<unknown>, accepted: number }): Promise<number> {
  const slow = random() < 0.2
  let n = 0
  for (; going.on; n++) {
    const event = job(conversation, n, behaviour(random, slow))
    for (let answered = false; !answered;) {
      try {
        await going.up
        const { statusCode } = await client.post(event)
        answered = statusCode === 200
        if (answered) going.accepted++
      } catch {
        // Killed: whether it was accepted is not known, so it is posted again.
        await setTimeout(1)
      }
    }
  }
  return n
}

function checkEveryRun (deliveries: readonly Delivered[], runs: readonly number[]): string[] {
  return runs.flatMap((start, i) => overlapping(deliveries.slice(start, runs[i + 1])))
}

/** So many kills of one process after the other: two files share them, for each kill takes half a second of a processor. */
export function testKills (kills: number): void {
  test(`however often the process is killed, nothing that was answered 200 is lost, and no conversation loses its order (${kills} kills)`, async (t) => {
    const seed = Number(process.env.FAULTS_SEED ?? randomInt(2 ** 31))
    const random = randomFrom(seed)
    const at = `seed ${seed}: FAULTS_SEED=${seed} tries it again`
    const dir = folder(t)
    const deliveries = join(dir, 'deliveries')
    const settings = { held: true, path: join(dir, 'inbox.db'), deliveries, options: { retry: RETRY, concurrency: 4 } }
    const client = new Client(t, 0, 8)
    const going = { on: true, up: new Promise<unknown>(() => {}), accepted: 0 }
    const runs: number[] = []
    let next = new HostProcess(t, settings)

    /** Has the next one start: it has loaded its files while the last one was at work. */
    function startNext (): HostProcess {
      const host = next
      next = new HostProcess(t, settings)
      host.go()
      return host
    }

    async function start (): Promise<HostProcess> {
      appendFileSync(deliveries, '')
      runs.push(deliveriesIn(deliveries).length)
      const host = startNext()
      going.up = host.port().then((port) => { client.port = port })
      return host
    }

    /** Until that many more are accepted; or for a moment, for it may be killed while it still starts: the first thing that it does is to write. */
    async function work (): Promise<void> {
      if (random() < 0.2) {
        await setTimeout(random() * 350)
        return
      }
      await going.up
      const enough = going.accepted + random() * MOST
      await until(() => going.accepted >= enough)
    }

    const senders: Array<Promise<number>> = []
    for (let killed = 0; killed < kills; killed++) {
      const host = await start()
      going.up.catch(() => {})
      if (senders.length === 0) {
        for (let i = 0; i < CONVERSATIONS; i++) senders.push(sendAll(client, `conversation ${i}`, randomFrom(seed + i), going))
      }
      await work()
      await host.kill()
    }
    const host = await start()
    await going.up
    await until(() => going.accepted > CONVERSATIONS * kills)
    going.on = false
    const posted = await Promise.all(senders)
    await until(async () => (await client.get('/stats')).body.pending === 0)
    const { body: stats } = await client.get('/stats')
    t.same(await host.kill('SIGTERM'), { code: 0, signal: null })

    const all = deliveriesIn(deliveries)
    const firsts = firstDeliveries(all)
    const missing = lostOf(new Map(posted.map((count, i) => [`conversation ${i}`, count])), firsts)
    const total = posted.reduce((sum, count) => sum + count, 0)
    t.ok(total > CONVERSATIONS * kills, `${total} events, ${at}`)
    t.same(missing, [], `none is lost, ${at}`)
    t.same(unordered(firsts), [], `in order, ${at}`)
    t.same(overtaking(all), [], `none is overtaken, ${at}`)
    t.same(checkEveryRun(all, runs), [], `one at a time, ${at}`)
    t.equal((stats.done ?? 0) + (stats.dead ?? 0), total, `each was stored once, ${at}`)

    const again = startNext()
    client.port = await again.port()
    t.match((await client.get('/stats')).body, { pending: 0 })
    await again.kill('SIGTERM')
    t.equal(deliveriesIn(deliveries).length, all.length, `what is done stays done, ${at}`)
  })
}
