import { randomInt } from 'node:crypto'
import tap, { test } from 'tap'
import { postgresUrl } from '../../helpers/postgres.ts'
import { job } from '../helpers/client.ts'
import { Fleet, isOf } from '../helpers/fleet.ts'
import { until } from '../helpers/until.ts'

const CONVERSATIONS = 12

const url = await postgresUrl(tap)

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
  const sending = fleet.sendAll(CONVERSATIONS, seed)
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
