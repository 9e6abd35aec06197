import { Socket } from 'node:net'
import fc, { runs } from '../../helpers/property.ts'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import pg from 'pg'
import tap, { test } from 'tap'
import webhooks from '../../../index.ts'
import { postgresInbox } from '../../../lib/inbox/postgres/inbox.ts'
import type { PostgresPool } from '../../../lib/inbox/postgres/inbox.ts'
import { claimsNoted, noteClaims, takeovers } from '../../helpers/claims.ts'
import { ATTEMPTS, OrderModel, planned, turn } from '../../helpers/order-model.ts'
import type { Life, Planned } from '../../helpers/order-model.ts'
import { makeTime, tryEpoch } from '../../helpers/epochs.ts'
import { openPool, postgresUrl, schemas } from '../../helpers/postgres.ts'

const APPS = 3

const url = await postgresUrl(tap)
const newSchema = schemas(tap, url)
const admin = openPool(tap, url)

/** An event, and the apps that it is posted to: the second one, if it is repeated, at the same time. */
interface Posted extends Planned {
  to: [number, number]
}

/** An app that crashes so many turns of the event loop after the listeners of all have taken so many steps. */
interface Crash {
  app: number
  steps: number
  turns: number
}

/** A new epoch that may begin so many turns of the event loop after the listeners of all have taken so many steps. */
type Rotation = Omit<Crash, 'app'>

const anyApp = fc.nat({ max: APPS - 1 })
const posted: fc.Arbitrary<Posted> = fc.tuple(planned, fc.tuple(anyApp, anyApp)).map(([event, to]) => ({ ...event, to }))
const time = { steps: fc.nat({ max: 25 }), turns: fc.nat({ max: 60 }) }
const crash = fc.record<Crash>({ app: anyApp, ...time })
const plan = fc.record({
  events: fc.array(posted, { maxLength: 14 }),
  // One is left in any case.
  crashes: fc.uniqueArray(crash, { maxLength: APPS - 1, selector: ({ app }) => app }),
  rotations: fc.array(fc.record<Rotation>(time), { maxLength: 4 }),
  concurrency: fc.integer({ min: 1, max: 3 }),
  /** Whether the apps have a collector. */
  collects: fc.boolean()
})
type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never

/** A pool all of whose connections can be cut, and that has no others then. */
class MortalPool extends pg.Pool implements PostgresPool {
  readonly #sockets: Set<Socket>
  #dead = false

  constructor (config: pg.PoolConfig) {
    const sockets = new Set<Socket>()
    const stream = () => {
      const socket = new Socket()
      sockets.add(socket)
      return socket
    }
    super({ ...config, stream })
    this.#sockets = sockets
    this.on('error', () => {})
  }

  override async connect (): Promise<pg.PoolClient> {
    if (this.#dead) throw new Error('the app has crashed')
    return await super.connect()
  }

  die (): void {
    this.#dead = true
    for (const socket of this.#sockets) socket.destroy()
  }
}

interface App {
  readonly app: FastifyInstance
  readonly pool: MortalPool
  readonly life: Life
}

/** Apps with the same inbox, at the same time. */
class Run extends OrderModel {
  readonly schema = newSchema()
  readonly #plan: Plan
  #apps: App[] = []
  #isPosted = false

  constructor (plan: Plan) {
    super(plan.events, plan.collects)
    this.#plan = plan
  }

  async live (): Promise<void> {
    this.#apps = await Promise.all(Array.from({ length: APPS }, async (_, number) => await this.#start(number)))
    await noteClaims(admin, this.schema)
    const crashes = this.#plan.crashes.map(async (crash) => { await this.#crashInTime(crash) })
    const rotations = this.#plan.rotations.map(async (rotation) => { await this.#rotateInTime(rotation) })
    const conversations = Object.values(Object.groupBy([...this.#plan.events.keys()], (event) => this.events[event]?.conversation ?? ''))
    await Promise.all(conversations.map(async (events = []) => {
      for (const event of events) await this.#postAndRepeat(event)
    }))
    this.#isPosted = true
    await Promise.all([...crashes, ...rotations])
    const { app: { webhooks: { inbox } } } = this.#alive(0)
    while ((await inbox.stats()).pending > 0) await turn(1)
    for (const { app, pool } of this.#apps) {
      await app.close()
      await pool.end()
    }
  }

  async #start (number: number): Promise<App> {
    const life: Life = { number, crashed: false }
    const pool = new MortalPool({ connectionString: url, application_name: String(number) })
    const app = Fastify()
    await app.register(webhooks, {
      inbox: postgresInbox({ pool, schema: this.schema, lease: 1_000 }),
      concurrency: this.#plan.concurrency,
      timeout: 20,
      drainTimeout: 0,
      retry: { attempts: ATTEMPTS, minDelay: 1, maxDelay: 4 }
    })
    this.listen(app, life)
    await app.ready()
    return { app, pool, life }
  }

  #alive (number: number): App {
    const app = [...this.#apps.slice(number), ...this.#apps].find(({ life }) => !life.crashed)
    if (app === undefined) throw new Error('all have crashed')
    return app
  }

  async #timeOf ({ steps, turns }: Rotation): Promise<void> {
    while (this.steps.length < steps && !this.#isPosted) await turn(1)
    await turn(turns)
  }

  async #rotateInTime (rotation: Rotation): Promise<void> {
    await this.#timeOf(rotation)
    await makeTime(admin, pg.escapeIdentifier(this.schema))
    await tryEpoch(admin, pg.escapeIdentifier(this.schema))
  }

  async #crashInTime ({ app, ...time }: Crash): Promise<void> {
    await this.#timeOf(time)
    const crashing = this.#apps[app]
    if (crashing === undefined) return
    this.crash(crashing.life)
    crashing.pool.die()
  }

  async #postAndRepeat (event: number): Promise<void> {
    const { to: [first, second], repeated } = this.#plan.events[event] ?? { to: [0, 0], repeated: false }
    await Promise.all((repeated ? [first, second] : [first]).map(async (number) => { await this.#postUntilAccepted(event, number) }))
  }

  /** By an app that crashes, it may have been accepted all the same. */
  async #postUntilAccepted (event: number, number: number): Promise<void> {
    for (;;) {
      const { app, life } = this.#alive(number)
      try {
        await this.post(app, event)
        return
      } catch (error) {
        if (!life.crashed) throw error
      }
    }
  }
}

test('with three processes, whatever listeners and collectors do and whichever crashes: in order, one at a time, at least once, and repeats dropped', async (t) => {
  await fc.assert(fc.asyncProperty(plan, async (plan) => {
    const run = new Run(plan)
    await run.live()
    const claims = await claimsNoted(admin, run.schema)
    const early = claims.filter((claim) => claim.early).map(({ lane, app }) => `${app} has taken ${lane} before its time`)
    const crashed = new Set(plan.crashes.map(({ app }) => String(app)))
    const standstill = takeovers(claims).some(({ fromApp }) => !crashed.has(fromApp))
    if (standstill) t.comment('the machine stood still for longer than a lease: of that nothing is promised')
    const wrong = [...early, ...standstill ? [] : run.problems()]
    if (wrong.length > 0) throw new Error(`${wrong.join('; ')} in ${JSON.stringify(run.steps)}`)
  }), { ...runs(10), endOnFailure: true })
  t.pass()
})
