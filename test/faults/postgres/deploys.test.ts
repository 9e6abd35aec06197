import { randomInt } from 'node:crypto'
import tap, { test } from 'tap'
import { postgresUrl } from '../../helpers/postgres.ts'
import { job } from '../helpers/client.ts'
import { Fleet, isOf } from '../helpers/fleet.ts'
import { until } from '../helpers/until.ts'

const CONVERSATIONS = 12
/** Longer than a test may take: nobody can wait for it to run out. */
const LEASE = 60_000

const url = await postgresUrl(tap)

test('rolling deploys under load lose nothing and keep the order, and what the old process has not finished is given back at once', async (t) => {
  const seed = Number(process.env.FAULTS_SEED ?? randomInt(2 ** 31))
  const at = `seed ${seed}: FAULTS_SEED=${seed} tries it again`
  const fleet = new Fleet(t, url, { lease: LEASE })
  const start = async (stuck?: string) => await fleet.start({ drainTimeout: 500 }, 0, stuck)
  const begun = async (isThat: Parameters<Array<ReturnType<Fleet['noted']>[number]>['some']>[0]) => { await until(() => fleet.noted().some(isThat)) }
  let old = await start('stuck 0')
  const sending = fleet.sendAll(CONVERSATIONS, seed)
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
