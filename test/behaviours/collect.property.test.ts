import { join } from 'node:path'
import Fastify from 'fastify'
import tap, { test } from 'tap'
import webhooks from '../../index.ts'
import type { CollectContext, NewMessage, WebhookContext } from '../../index.ts'
import { sqliteInbox } from '../../lib/inbox/sqlite/inbox.ts'
import { until } from '../faults/helpers/until.ts'
import { message } from '../helpers/app.ts'
import { temporaryDirectory } from '../helpers/package.ts'
import fc, { runs } from '../helpers/property.ts'

/** What happens next: time goes on, and then an event comes in, or the app starts again. */
interface Step {
  readonly conversation: 'a' | 'b'
  readonly pause: number
  /** How often a burst fails that begins with it, for each collector. */
  readonly failures: readonly number[]
  readonly restarts: boolean
}

interface Options {
  readonly quiet: number
  readonly within: number
  readonly most: number
}

/** Times are far longer than what a test takes: it is the clock that is set. */
const QUIET = 10_000

const step = fc.record<Step>({
  conversation: fc.constantFrom('a', 'b'),
  pause: fc.constantFrom(0, 0, QUIET / 2, QUIET / 2, 2 * QUIET, 5 * QUIET),
  failures: fc.array(fc.constantFrom(0, 0, 0, 1, 2), { minLength: 2, maxLength: 2 }),
  restarts: fc.nat({ max: 9 }).map((n) => n === 0)
})
const options = fc.record<Options>({ quiet: fc.constant(QUIET), within: fc.constantFrom(QUIET, 3 * QUIET, 100 * QUIET), most: fc.constantFrom(1, 2, 3, 100) })

const directory = temporaryDirectory(tap)
const { now } = Date
let ahead = 0
Date.now = () => now() + ahead
tap.teardown(() => { Date.now = now })
let count = 0

/** An event as it came in. */
interface Received {
  readonly number: number
  readonly at: number
}

/** The rule: an event is in the burst of the one before, unless that is full, or it came in too long after that one or the burst's first. */
function burstsOf (events: readonly Received[], { quiet, within, most }: Options): number[][] {
  const bursts: Received[][] = []
  for (const event of events) {
    const burst = bursts.at(-1)
    const [first, last] = [burst?.[0], burst?.at(-1)]
    const follows = first !== undefined && last !== undefined && event.at - last.at <= quiet && event.at - first.at <= within
    if (burst === undefined || !follows || burst.length === most) bursts.push([event])
    else burst.push(event)
  }
  return bursts.map((burst) => burst.map(({ number }) => number))
}

const numberOf = ({ message: { content } }: NewMessage) => Number(content)

/** Does what is planned. Returns how events came in, and what each collector got. */
async function run (plan: readonly Step[], collectors: readonly Options[]) {
  const path = join(directory, `${++count}.db`)
  const received = new Map<string, Map<number, number>>([['a', new Map()], ['b', new Map()]])
  const given = collectors.map(() => new Map<string, number[][]>([['a', []], ['b', []]]))
  const listener = (event: NewMessage, { receivedAt }: WebhookContext) => { received.get(event.conversation.id)?.set(numberOf(event), receivedAt.getTime()) }
  const collect = (index: number) => async (events: readonly NewMessage[], { ids }: CollectContext) => {
    const numbers = events.map(numberOf)
    const bursts = given[index]?.get(String(events[0]?.conversation.id)) ?? []
    bursts.push(numbers)
    if (ids.length !== events.length) throw new Error('not as many ids as events')
    const tries = bursts.filter(([first]) => first === numbers[0]).length
    if (tries <= Number(plan[Number(numbers[0])]?.failures[index])) throw new Error('planned')
  }
  const start = async () => {
    const app = Fastify()
    await app.register(webhooks, { inbox: sqliteInbox({ path }), retry: { attempts: 20, minDelay: 1, maxDelay: 1 } })
    app.webhooks.on('newMessage', listener)
    for (const [i, options] of collectors.entries()) app.webhooks.collect('newMessage', options, Object.defineProperty(collect(i), 'name', { value: `collector ${i}` }))
    await app.ready()
    return app
  }
  let app = await start()
  for (const [i, { conversation, pause, restarts }] of plan.entries()) {
    ahead += pause
    if (restarts) {
      await app.close()
      app = await start()
    }
    await app.webhooks.receive(message(conversation, String(i)))
  }
  ahead += 100 * QUIET
  await until(async () => (await app.webhooks.inbox.stats()).pending === 0)
  await app.close()
  return { received, given }
}

test('whatever comes in when, fails, and is in between when the app starts again: each collector gets the bursts of the rule, in order, until it succeeds', async (t) => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), fc.array(options, { minLength: 1, maxLength: 2 }), async (plan, collectors) => {
    const { received, given } = await run(plan, collectors)
    for (const [i, options] of collectors.entries()) {
      for (const [conversation, times] of received) {
        const events = Array.from(times, ([number, at]) => ({ number, at }))
        const wanted = burstsOf(events, options).flatMap((burst) => Array.from({ length: 1 + Number(plan[Number(burst[0])]?.failures[i]) }, () => burst))
        const got = given[i]?.get(conversation)
        if (JSON.stringify(got) !== JSON.stringify(wanted)) throw new Error(`collector ${i}, ${conversation}: wanted ${JSON.stringify(wanted)}, got ${JSON.stringify(got)}`)
      }
    }
  }), runs(12))
  t.pass()
})
