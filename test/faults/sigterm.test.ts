import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { test } from 'tap'
import { Client, job } from './helpers/client.ts'
import { deliveriesIn, firstDeliveries, overlapping, overtaking, requestsIn } from './helpers/deliveries.ts'
import { folder } from './helpers/folder.ts'
import { HostProcess } from './helpers/host-process.ts'
import { randomFrom } from '../../lib/cli/send/chaos/random.ts'
import { until } from './helpers/until.ts'

const SENDERS = 24

interface Sent {
  /** How many were answered 200. */
  accepted: number
  /** The name of a request that was not answered. */
  unanswered?: string
}

/** Posts until there is nobody to post to. */
async function sendUntilTheEnd (client: Client, conversation: string, random: () => number): Promise<Sent> {
  for (let n = 0; ; n++) {
    const event = job(conversation, n, { fails: random() < 0.1 ? 1 : 0, turns: Math.floor(random() * 40) })
    const name = `${conversation}: ${n}`
    try {
      const { statusCode, headers } = await client.post(event, undefined, { 'x-name': name })
      if (statusCode !== 200) throw new Error(`answered ${statusCode ?? 'nothing'}`)
      // What follows is for the next process.
      if (headers.connection === 'close') return { accepted: n + 1 }
    } catch {
      return { accepted: n, unanswered: name }
    }
  }
}

test('SIGTERM under load: every request that has reached the app is answered, the process ends by itself, and the next one delivers the rest', async (t) => {
  const seed = Number(process.env.FAULTS_SEED ?? randomInt(2 ** 31))
  const at = `seed ${seed}: FAULTS_SEED=${seed} tries it again`
  const dir = folder(t)
  const deliveries = join(dir, 'deliveries')
  const start = () => new HostProcess(t, { path: join(dir, 'inbox.db'), deliveries, options: { concurrency: 4, retry: { minDelay: 50, maxDelay: 100 } } })
  const first = start()
  const client = new Client(t, await first.port())
  const sending = Array.from({ length: SENDERS }, async (_, i) => await sendUntilTheEnd(client, `${i}`, randomFrom(seed + i)))
  await until(() => deliveriesIn(deliveries).length > 500)
  t.same(await first.kill('SIGTERM'), { code: 0, signal: null })
  const sent = await Promise.all(sending)
  const posted = sent.map(({ accepted }) => accepted)
  // A connection that is idle when the server closes is closed; what is on its way there just then has reached nobody.
  const reached = new Set(requestsIn(deliveries))
  t.same(sent.filter(({ unanswered }) => unanswered !== undefined && reached.has(unanswered)), [], `what has reached the app is answered, ${at}`)
  const before = deliveriesIn(deliveries)
  t.same(overlapping(before), [])
  const total = posted.reduce((sum, n) => sum + n, 0)
  t.ok(before.filter(({ what }) => what === 'done').length < total, 'some were not delivered yet')

  const next = start()
  client.port = await next.port()
  await until(async () => (await client.get('/stats')).body.pending === 0)
  t.match((await client.get('/stats')).body, { done: total, dead: 0 })
  t.same(await next.kill('SIGTERM'), { code: 0, signal: null })
  const all = deliveriesIn(deliveries)
  t.same([...firstDeliveries(all)].sort(), posted.map((n, i) => [`${i}`, Array.from({ length: n }, (_, n) => n)]).sort(), `each in its order, ${at}`)
  t.same(overtaking(all), [], at)
  t.equal(all.filter(({ what }) => what === 'done').length, total, `each once, ${at}`)
})
