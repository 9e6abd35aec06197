import { randomInt } from 'node:crypto'
import pg from 'pg'
import tap, { test } from 'tap'
import { openPool, postgresUrl } from '../../helpers/postgres.ts'
import { job } from '../helpers/client.ts'
import { Fleet } from '../helpers/fleet.ts'
import type { Member } from '../helpers/fleet.ts'
import { randomFrom } from '../../../lib/cli/send/chaos/random.ts'
import { until } from '../helpers/until.ts'

const PROCESSES = 5
const CONVERSATIONS = 12
/** Longer than a test may take: nobody can wait for it to run out. */
const LEASE = 60_000

const url = await postgresUrl(tap)
const admin = openPool(tap, url)

/** Posts to the fleet until it is told to stop; then resolves with how much of each conversation. */
async function sendAll (fleet: Fleet, seed: number): Promise<Map<string, number>> {
  return new Map(await Promise.all(Array.from({ length: CONVERSATIONS }, async (_, i) => {
    return [`conversation ${i}`, await fleet.send(`conversation ${i}`, randomFrom(seed + i))] as const
  })))
}

const isOf = ({ host }: Member) => ({ pid }: { pid: number }) => pid === host.process.pid

test(`${PROCESSES} processes that start at the same moment on an empty database all come up, and have one inbox`, async (t) => {
  const fleet = new Fleet(t, url)
  const first = await admin.connect()
  await first.query(`BEGIN; CREATE SCHEMA ${pg.escapeIdentifier(fleet.schema)}`) // until that is undone, nobody gets on
  const starting = Promise.all(Array.from({ length: PROCESSES }, async () => await fleet.start()))
  await until(async () => (await admin.query(`SELECT FROM pg_stat_activity
    WHERE application_name = 'fastify-oneroute-webhooks' AND wait_event_type = 'Lock'`)).rows.length >= PROCESSES)
  await first.query('ROLLBACK')
  first.release()
  const members = await starting
  const answers = await Promise.all(members.map(async ({ client }) => (await client.post(job('a', 0))).body.status))
  t.same(answers.sort(), ['accepted', ...Array.from({ length: PROCESSES - 1 }, () => 'duplicate')])
  t.same(await fleet.problems(new Map([['a', 1]])), [])
  for (const member of members) t.same(await fleet.retire(member), { code: 0, signal: null })
})

test('rolling deploys under load lose nothing and keep the order, and what the old process has not finished is given back at once', async (t) => {
  const seed = Number(process.env.FAULTS_SEED ?? randomInt(2 ** 31))
  const at = `seed ${seed}: FAULTS_SEED=${seed} tries it again`
  const fleet = new Fleet(t, url, { lease: LEASE })
  const start = async (stuck?: string) => await fleet.start({ drainTimeout: 500 }, 0, stuck)
  const begun = async (isThat: Parameters<Array<ReturnType<Fleet['noted']>[number]>['some']>[0]) => { await until(() => fleet.noted().some(isThat)) }
  let old = await start('stuck 0')
  const sending = sendAll(fleet, seed)
  for (const deploy of [0, 1]) {
    const stuck = `stuck ${deploy}`
    t.match(await old.client.post(job(stuck, 0)), { statusCode: 200 })
    await begun(({ conversation }) => conversation === stuck)
    const next = await start(`stuck ${deploy + 1}`)
    await begun(isOf(next))
    t.same(await fleet.retire(old), { code: 0, signal: null })
    t.notMatch(await old.host.log, /taken over/)
    const noted = fleet.noted().length
    await until(() => fleet.noted().length > noted + 100)
    await begun(({ conversation, what }) => conversation === stuck && what === 'done')
    old = next
  }
  fleet.going = false
  const posted = await sending
  for (const deploy of [0, 1]) posted.set(`stuck ${deploy}`, 1)
  t.same(await fleet.problems(posted), [], at)
  const ended = fleet.noted().filter(({ what }) => what === 'done' || what === 'dead')
  t.equal(ended.length, Array.from(posted.values()).reduce((sum, count) => sum + count), `each was delivered once, ${at}`)
  t.same(await fleet.retire(old), { code: 0, signal: null })
})

test('some processes receive and others deliver, and one that is killed is missed by nobody', async (t) => {
  const seed = Number(process.env.FAULTS_SEED ?? randomInt(2 ** 31))
  const at = `seed ${seed}: FAULTS_SEED=${seed} tries it again`
  const fleet = new Fleet(t, url)
  const startTwo = async (roles: { receive?: boolean, deliver?: boolean }) => await Promise.all([fleet.start(roles), fleet.start(roles)])
  const deliverers = await startTwo({ receive: false })
  const [deliverer] = deliverers
  t.match(await deliverer.client.post(job('a', 0)), { statusCode: 404 }, 'it has no route')
  fleet.members = []
  const [receiver] = await startTwo({ deliver: false })
  const sending = sendAll(fleet, seed)
  await until(() => deliverers.every((member) => fleet.noted().some(isOf(member))))
  await fleet.kill(receiver)
  await fleet.kill(deliverer)
  const noted = fleet.noted().length
  await until(() => fleet.noted().length > noted + 100)
  fleet.going = false
  t.same(await fleet.problems(await sending), [], at)
  t.same(fleet.noted().filter((line) => !deliverers.some((member) => isOf(member)(line))), [], `the others deliver nothing, ${at}`)
  for (const member of [...fleet.members, ...deliverers.slice(1)]) t.same(await fleet.retire(member), { code: 0, signal: null })
})
