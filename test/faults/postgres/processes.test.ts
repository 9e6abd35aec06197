import { randomInt } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import tap, { test } from 'tap'
import { postgresUrl } from '../../helpers/postgres.ts'
import { job } from '../helpers/client.ts'
import { Fleet } from '../helpers/fleet.ts'
import { randomFrom } from '../../../lib/cli/send/chaos/random.ts'
import { until } from '../helpers/until.ts'

tap.setTimeout(120_000) // many processes, or many runs: on a busy machine they take their time

const url = await postgresUrl(tap)
const KILLS = 9

test(`three processes, killed again and again: nothing that was answered 200 is lost, and no conversation loses its order (${KILLS} kills)`, async (t) => {
  const seed = Number(process.env.FAULTS_SEED ?? randomInt(2 ** 31))
  const random = randomFrom(seed)
  const fleet = new Fleet(t, url)
  for (let i = 0; i < 3; i++) await fleet.start()
  const conversations = Array.from({ length: 18 }, (_, i) => `conversation ${i}`)
  const sending = Promise.all(conversations.map(async (conversation, i) => [conversation, await fleet.send(conversation, randomFrom(seed + i))] as const))
  for (let kills = 0; kills < KILLS; kills++) {
    await setTimeout(random() * 300)
    const member = fleet.members[Math.floor(random() * fleet.members.length)]
    if (member !== undefined) await fleet.kill(member)
    await fleet.start()
  }
  fleet.going = false
  const posted = new Map(await sending)
  t.same(await fleet.problems(posted), [], `seed ${seed}: FAULTS_SEED=${seed} tries it again`)
  for (const { host } of fleet.members) t.same(await host.kill('SIGTERM'), { code: 0, signal: null })
})

test('a process that was stopped for longer than its lease settles nothing that another has taken over, and works on', async (t) => {
  const fleet = new Fleet(t, url)
  const receiver = await fleet.start({ deliver: false })
  await receiver.client.post(job('paused', 0, { turns: 300_000 }))
  for (const n of [1, 2]) await receiver.client.post(job('paused', n, { fails: 1 }))
  const { host: paused, client } = await fleet.start()
  await until(() => fleet.noted().length > 0)
  paused.process.kill('SIGSTOP')
  await fleet.start()
  await until(async () => (await fleet.stats()).done === 3)
  const noted = fleet.noted().length
  paused.process.kill('SIGCONT')
  const isIts = ({ pid }: { pid: number }) => pid === paused.process.pid
  for (let n = 0; fleet.noted().filter(isIts).length < 4; n++) {
    const { statusCode } = await client.post(job('another', n))
    t.equal(statusCode, 200)
  }
  await until(() => fleet.noted().slice(noted).some((line) => line.conversation === 'paused'))
  const after = fleet.noted().slice(noted).filter((line) => line.conversation === 'paused')
  t.match(after, [{ what: 'done', n: 0 }], 'it had begun that one, and begins no other')
  t.ok(after.every(isIts))
  await until(async () => (await fleet.stats()).pending === 0)
  t.match(await fleet.stats(), { dead: 0 })
  t.same(fleet.noted().filter((line) => line.conversation === 'paused' && !isIts(line)).map(({ what, n, attempt }) => `${what} ${n} ${attempt}`), [
    'start 0 2', 'done 0 2', 'start 1 1', 'failed 1 1', 'start 1 2', 'done 1 2', 'start 2 1', 'failed 2 1', 'start 2 2', 'done 2 2'
  ], 'the other one delivered all of them: that it took the first one over counts as an attempt')
  await paused.kill('SIGTERM')
  t.match(await paused.log, /taken over by another process/)
})

test('processes whose clocks are minutes apart retry in time, keep the order, and take nothing from each other', async (t) => {
  const seed = Number(process.env.FAULTS_SEED ?? randomInt(2 ** 31))
  const fleet = new Fleet(t, url)
  for (const minutes of [-10, 0, 10]) await fleet.start({}, minutes * 60_000)
  const conversations = Array.from({ length: 12 }, (_, i) => `conversation ${i}`)
  const sending = Promise.all(conversations.map(async (conversation, i) => [conversation, await fleet.send(conversation, randomFrom(seed + i))] as const))
  // By their own clocks, a retry of the one would be due at once for another, and for the third after ten minutes.
  await until(() => fleet.noted().filter(({ what }) => what === 'failed').length > 30)
  fleet.going = false
  t.same(await fleet.problems(new Map(await sending)), [], `seed ${seed}: FAULTS_SEED=${seed} tries it again`)
  for (const { host } of fleet.members) {
    await host.kill('SIGTERM')
    t.notMatch(await host.log, 'taken over')
  }
})
