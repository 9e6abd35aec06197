import fc, { runs } from '../helpers/property.ts'
import Fastify from 'fastify'
import { test } from 'tap'
import webhooks, { memoryInbox } from '../../index.ts'
import type { Inbox, NewMessage, WebhookContext } from '../../index.ts'
import { resolveOptions } from '../../lib/webhooks/options.ts'
import { backoff } from '../../lib/deliver/backoff.ts'
import { message, turns } from '../helpers/app.ts'
import { ModelInbox } from '../helpers/model-inbox.ts'

/** An event of a conversation: how many turns of the event loop its listener takes, and how many attempts fail. */
interface Planned {
  conversation: string
  turns: number
  failures: number
  /** Not of its schema: for the listener of `invalid`. */
  invalid: boolean
}

const planned = fc.record<Planned>({
  conversation: fc.constantFrom('a', 'b', 'c'),
  turns: fc.nat({ max: 3 }),
  failures: fc.nat({ max: 2 }),
  invalid: fc.boolean()
})

async function turn (times: number): Promise<void> {
  for (let i = 0; i < times; i++) await new Promise((resolve) => { setImmediate(resolve) })
}

/** Posts the events and returns what the listener did, in order. */
async function run (inbox: Inbox, plan: readonly Planned[], concurrency: number, blockFor = Infinity) {
  const app = Fastify()
  await app.register(webhooks, { inbox, concurrency, retry: { attempts: 2, minDelay: 0, maxDelay: 0, blockFor } })
  const steps: Array<{ event: number, conversation: string, step: 'begin' | 'end' | 'fail' }> = []
  const listener = ({ message: { content }, conversation: { id } }: NewMessage, { attempt }: WebhookContext) => {
    const event = Number(content)
    const { turns = 0, failures = 0 } = plan[event] ?? {}
    const end = () => {
      const fails = attempt <= failures
      steps.push({ event, conversation: id, step: fails ? 'fail' : 'end' })
      if (fails) throw new Error('planned')
    }
    steps.push({ event, conversation: id, step: 'begin' })
    if (turns === 0) { end(); return undefined } // synchronous, another way through the code
    return turn(turns).then(end)
  }
  app.webhooks.on('newMessage', listener)
  app.webhooks.on('invalid', (event, context) => listener(event as NewMessage, context)) // but for one field it is
  await app.ready()
  const answers = await Promise.allSettled(plan.map(async ({ conversation, invalid }, i) => {
    const event = message(conversation, String(i))
    return await app.webhooks.receive(invalid ? { ...event, conversation: { ...event.conversation, read: 'no' } } : event)
  }))
  while ((await inbox.stats()).pending > 0) await turns()
  await app.close()
  return { steps, answers }
}

for (const [name, create, attempts] of [['memoryInbox', memoryInbox, 1], ['a durable inbox', () => new ModelInbox(), 2]] as const) {
  test(`${name}: whatever listeners do, one conversation is delivered in order and one at a time`, async (t) => {
    await fc.assert(fc.asyncProperty(fc.array(planned, { maxLength: 12 }), fc.integer({ min: 1, max: 4 }), async (plan, concurrency) => {
      const { steps, answers } = await run(create(), plan, concurrency)
      for (const conversation of ['a', 'b', 'c']) {
        const wanted = plan.flatMap((event, i) => event.conversation === conversation ? expected(event, i, attempts) : [])
        const got = steps.filter((step) => step.conversation === conversation).map(({ event, step }) => `${event} ${step}`)
        if (got.join() !== wanted.join()) throw new Error(`${conversation}: wanted ${wanted.join()}, got ${got.join()}`)
      }
      for (const [i, { status }] of answers.entries()) {
        const failed = attempts === 1 && (plan[i]?.failures ?? 0) > 0
        if (status !== (failed ? 'rejected' : 'fulfilled')) throw new Error(`${i} was ${status}`)
      }
    }), runs(60))
    t.pass()
  })
}

test('what fails for longer than `blockFor` is tried beside its conversation, which goes on in order', async (t) => {
  await fc.assert(fc.asyncProperty(fc.array(planned, { maxLength: 12 }), fc.integer({ min: 1, max: 4 }), async (plan, concurrency) => {
    const { steps } = await run(new ModelInbox(), plan, concurrency, 0)
    for (const [i, event] of plan.entries()) {
      const got = steps.filter((step) => step.event === i).map(({ event, step }) => `${event} ${step}`)
      if (got.join() !== expected(event, i, 2).join()) throw new Error(`${i}: got ${got.join()}`)
    }
    for (const conversation of ['a', 'b', 'c']) {
      const first = new Map(steps.filter((step) => step.conversation === conversation && step.step === 'begin').map(({ event }) => [event, true]))
      const wanted = plan.flatMap((event, i) => event.conversation === conversation ? [i] : [])
      if ([...first.keys()].join() !== wanted.join()) throw new Error(`${conversation}: ${[...first.keys()].join()}`)
    }
  }), runs(60))
  t.pass()
})

/** Attempt after attempt until one does not fail, and nothing of another event in between. */
function expected ({ failures }: Planned, i: number, attempts: number): string[] {
  const failed = Math.min(failures, attempts)
  const steps = Array.from({ length: failed }, () => [`${i} begin`, `${i} fail`]).flat()
  return failures < attempts ? [...steps, `${i} begin`, `${i} end`] : steps
}

test('delays grow by the factor, stay below the longest, and lose up to half to jitter', async (t) => {
  const { retry } = resolveOptions({})
  t.same([1, 2, 3, 6, 7, 1_000].map((attempts) => backoff(attempts, retry, 0)), [1_000, 3_000, 9_000, 243_000, 600_000, 600_000])
  t.equal(backoff(1, retry, 1), 500)
  fc.assert(fc.property(fc.integer({ min: 1, max: 1e6 }), (attempts) => {
    const delay = backoff(attempts, retry)
    return delay >= 500 && delay <= 600_000
  }))
})
