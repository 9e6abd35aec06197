import tap, { test } from 'tap'
import { postgresUrl } from '../../helpers/postgres.ts'
import { job } from '../helpers/client.ts'
import { Fleet } from '../helpers/fleet.ts'
import { until } from '../helpers/until.ts'

const url = await postgresUrl(tap)

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
