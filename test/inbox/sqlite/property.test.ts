import fc, { runs } from '../../helpers/property.ts'
import Fastify from 'fastify'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import webhooks from '../../../index.ts'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { ATTEMPTS, OrderModel, planned, turn } from '../../helpers/order-model.ts'
import type { Life, Planned } from '../../helpers/order-model.ts'
import { temporaryFile, threads } from '../../helpers/sqlite.ts'

tap.setTimeout(120_000) // many processes, or many runs: on a busy machine they take their time

/** What is posted to an app, whose store crashes so many turns of the event loop later. */
interface PlannedLife {
  events: Planned[]
  turns: number
}

/** What the apps have in common. */
interface Settings {
  concurrency: number
  /** Whether they have a collector. */
  collects: boolean
}

const lives = fc.array(fc.record<PlannedLife>({ events: fc.array(planned, { maxLength: 8 }), turns: fc.nat({ max: 80 }) }), { maxLength: 3 })
const settings = fc.record<Settings>({ concurrency: fc.integer({ min: 1, max: 3 }), collects: fc.boolean() })

/** Apps on one file, one after the other. */
class Run extends OrderModel {
  /** Not answered 200, to be posted again. */
  refused: number[] = []
  readonly #path: string
  readonly #concurrency: number

  constructor (path: string, plan: readonly PlannedLife[], { concurrency, collects }: Settings) {
    super(plan.flatMap(({ events }) => events), collects)
    this.#path = path
    this.#concurrency = concurrency
  }

  async start (life: Life) {
    const app = Fastify()
    await app.register(webhooks, {
      inbox: sqliteInbox({ path: this.#path }),
      concurrency: this.#concurrency,
      timeout: 20,
      drainTimeout: 0,
      retry: { attempts: ATTEMPTS, minDelay: 1, maxDelay: 4 }
    })
    this.listen(app, life)
    await app.ready()
    return app
  }

  async postAll (app: Awaited<ReturnType<Run['start']>>, events: readonly number[]): Promise<void> {
    await Promise.all(events.map(async (event) => {
      try {
        await this.post(app, event)
      } catch {
        if (!this.refused.includes(event)) this.refused.push(event)
      }
    }))
    this.refused.sort((a, b) => a - b)
  }
}

async function live (t: Test, plan: readonly PlannedLife[], settings: Settings): Promise<Run> {
  const run = new Run(temporaryFile(t), plan, settings)
  const workers = threads(t)
  let posted = 0
  for (const [number, { events, turns }] of plan.entries()) {
    const life = { number, crashed: false }
    const app = await run.start(life)
    const fresh = events.flatMap(({ repeated }, i) => repeated ? [posted + i, posted + i] : [posted + i])
    posted += events.length
    const posting = run.postAll(app, [...run.refused.splice(0), ...fresh])
    await turn(turns)
    run.crash(life)
    await workers.at(-1)?.terminate()
    await posting
    await app.close()
  }
  const app = await run.start({ number: plan.length, crashed: false })
  await run.postAll(app, run.refused.splice(0))
  while ((await app.webhooks.inbox.stats()).pending > 0) await turn(1)
  await app.close()
  return run
}

test('whatever listeners and collectors do and whenever the store crashes: in order, one at a time, at least once, and repeats dropped', async (t) => {
  await fc.assert(fc.asyncProperty(lives, settings, async (plan, settings) => {
    const run = await live(t, plan, settings)
    const wrong = run.problems()
    if (wrong.length > 0) throw new Error(`${wrong.join('; ')} in ${JSON.stringify(run.steps)}`)
  }), { ...runs(25), endOnFailure: true })
  t.pass()
})
