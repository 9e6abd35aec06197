import { once } from 'node:events'
import fc from 'fast-check'
import Fastify from 'fastify'
import { test } from 'tap'
import type { Test } from 'tap'
import webhooks from '../../../index.ts'
import type { WebhookContext } from '../../../index.ts'
import { sqliteInbox } from '../../../lib/inbox/sqlite.ts'
import { message } from '../../helpers/app.ts'
import { temporaryFile, threads } from '../../helpers/sqlite.ts'

const ATTEMPTS = 3

/** An event: how its attempts fail, from the first on. After these it succeeds, unless it is dead by then. */
interface Planned {
  conversation: string
  failures: Array<'throws' | 'rejects' | 'hangs'>
  /** Posted once more, at once. */
  repeated: boolean
}

/** An app that posts these events to itself, and whose store crashes so many turns of the event loop later. */
interface Life {
  events: Planned[]
  turns: number
}

const planned = fc.record<Planned>({
  conversation: fc.constantFrom('a', 'b', 'c'),
  failures: fc.array(fc.constantFrom('throws', 'rejects', 'hangs'), { maxLength: ATTEMPTS }),
  repeated: fc.boolean()
})
const lives = fc.array(fc.record<Life>({ events: fc.array(planned, { maxLength: 8 }), turns: fc.nat({ max: 80 }) }), { maxLength: 3 })

interface Step {
  life: number
  event: number
  step: 'begin' | 'end' | 'fail'
}

async function turn (times: number): Promise<void> {
  for (let i = 0; i < times; i++) await new Promise((resolve) => { setImmediate(resolve) })
}

/** What a test of one plan knows: what was posted and answered, and what the listener did. */
class Run {
  readonly steps: Step[] = []
  readonly statuses = new Map<number, string[]>()
  readonly events: readonly Planned[]
  readonly bodies: object[]
  /** Not answered 200, to be posted again. */
  refused: number[] = []
  readonly #path: string
  readonly #concurrency: number

  constructor (path: string, plan: readonly Life[], concurrency: number) {
    this.#path = path
    this.#concurrency = concurrency
    this.events = plan.flatMap(({ events }) => events)
    this.bodies = this.events.map(({ conversation }, i) => message(conversation, String(i)))
  }

  /** Starts an app, which does nothing that anybody could see any more once `life.crashed` is set. */
  async start (life: { number: number, crashed: boolean }) {
    const app = Fastify()
    await app.register(webhooks, {
      inbox: sqliteInbox({ path: this.#path }),
      concurrency: this.#concurrency,
      timeout: 20,
      drainTimeout: 0,
      retry: { attempts: ATTEMPTS, minDelay: 1, maxDelay: 4 }
    })
    const note = async (event: number, step: Step['step']) => {
      if (life.crashed) await new Promise(() => {})
      this.steps.push({ life: life.number, event, step })
    }
    app.webhooks.on('newMessage', ({ message: { content } }, context) => {
      const event = Number(content)
      const failure = this.events[event]?.failures[context.attempt - 1]
      if (life.crashed) return new Promise(() => {})
      if (failure !== 'throws') return listen(async (step) => { await note(event, step) }, failure, context)
      this.steps.push({ life: life.number, event, step: 'begin' }, { life: life.number, event, step: 'fail' })
      throw new Error('planned')
    })
    await app.ready()
    return app
  }

  async post (app: Awaited<ReturnType<Run['start']>>, events: readonly number[]): Promise<void> {
    await Promise.all(events.map(async (event) => {
      try {
        const { status } = await app.webhooks.receive(this.bodies[event] ?? {})
        this.statuses.set(event, [...this.statuses.get(event) ?? [], status])
      } catch {
        if (!this.refused.includes(event)) this.refused.push(event)
      }
    }))
    this.refused.sort((a, b) => a - b)
  }
}

async function listen (note: (step: Step['step']) => Promise<void>, failure: string | undefined, { signal }: WebhookContext): Promise<void> {
  await note('begin')
  if (failure === 'hangs') await once(signal, 'abort')
  else await turn(2)
  await note(failure === undefined ? 'end' : 'fail')
  if (failure === 'rejects') throw new Error('planned')
  if (failure === 'hangs') await new Promise(() => {})
}

async function live (t: Test, plan: readonly Life[], concurrency: number): Promise<Run> {
  const run = new Run(temporaryFile(t), plan, concurrency)
  const workers = threads(t)
  let posted = 0
  for (const [number, { events, turns }] of plan.entries()) {
    const life = { number, crashed: false }
    const app = await run.start(life)
    const fresh = events.flatMap(({ repeated }, i) => repeated ? [posted + i, posted + i] : [posted + i])
    posted += events.length
    const posting = run.post(app, [...run.refused.splice(0), ...fresh])
    await turn(turns)
    life.crashed = true
    await workers.at(-1)?.terminate()
    await posting
    await app.close()
  }
  const app = await run.start({ number: plan.length, crashed: false })
  await run.post(app, run.refused.splice(0))
  while ((await app.webhooks.inbox.stats()).pending > 0) await turn(1)
  await app.close()
  return run
}

const isDead = (steps: readonly Step[], event: number) =>
  steps.filter((step) => step.event === event && step.step === 'fail').length >= ATTEMPTS
const hasEnded = (steps: readonly Step[], event: number) => steps.some((step) => step.event === event && step.step === 'end')

/** Says what is wrong with what became of one conversation, if anything. */
function problems ({ steps, events }: Run, conversation: string): string[] {
  const ours = steps.filter(({ event }) => events[event]?.conversation === conversation)
  const inOrder = events.flatMap((planned, event) => planned.conversation === conversation ? [event] : [])
  return ours.flatMap(({ life, event, step }, i) => {
    const before = ours.slice(0, i)
    const last = before.at(-1)
    if (step !== 'begin') return last?.step === 'begin' && last.event === event && last.life === life ? [] : [`${event} ${step} while another was under way`]
    const overlaps = last?.life === life && last.step === 'begin'
    const overtaken = inOrder.filter((other) => other < event && !hasEnded(before, other) && !isDead(before, other))
    const again = before.some((other) => other.life === life && (other.event > event || (other.event === event && other.step === 'end')))
    return [
      ...overlaps ? [`${event} begins while ${last.event} is under way`] : [],
      ...overtaken.map((other) => `${event} begins before ${other} is through`),
      ...again ? [`${event} begins again though nothing has crashed`] : []
    ]
  }).concat(inOrder.filter((event) => !hasEnded(ours, event) && !isDead(ours, event)).map((event) => `${event} is lost`))
}

test('whatever listeners do and whenever the store crashes: in order, one at a time, at least once, and repeats dropped', async (t) => {
  await fc.assert(fc.asyncProperty(lives, fc.integer({ min: 1, max: 3 }), async (plan, concurrency) => {
    const run = await live(t, plan, concurrency)
    const wrong = ['a', 'b', 'c'].flatMap((conversation) => problems(run, conversation))
    for (const [event, statuses] of run.statuses) {
      if (statuses.filter((status) => status === 'accepted').length > 1) wrong.push(`${event} was accepted twice`)
    }
    if (wrong.length > 0) throw new Error(`${wrong.join('; ')} in ${JSON.stringify(run.steps)}`)
  }), { numRuns: 25, endOnFailure: true })
  t.pass()
})
