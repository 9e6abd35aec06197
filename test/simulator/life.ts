import type { FastifyBaseLogger } from 'fastify'
import { Dispatcher } from '../../lib/deliver/dispatcher.ts'
import { ListenerRunner } from '../../lib/deliver/listener-runner.ts'
import { viewOf } from '../../lib/inbox/view.ts'
import { ReceiveReporter } from '../../lib/observe/receive-reporter.ts'
import { RequestContexts } from '../../lib/observe/request-contexts.ts'
import { createIdentify } from '../../lib/receive/identify.ts'
import { Intake } from '../../lib/receive/intake.ts'
import { Webhooks } from '../../lib/webhooks/webhooks.ts'
import { catalogue } from './events.ts'
import { LifeCollectors } from './collecting/collectors.ts'
import { listen } from './listeners.ts'
import { ObservedInbox } from './observed-inbox.ts'
import type { World } from './world.ts'

/** As `whenServing` does for an app that does not listen. */
const SERVES_AFTER = 250

const identify = createIdentify({})

/** A process with the plugin, wired as index.ts does, but without Fastify around it: that would be most of the time a schedule takes. */
export class Life {
  readonly number: number
  state: 'opening' | 'up' | 'closing' | 'closed' | 'crashed' | 'failed' = 'opening'
  readonly webhooks: Webhooks
  readonly collectors: LifeCollectors
  readonly #intake: Intake
  readonly #dispatcher: Dispatcher
  readonly #inbox: ObservedInbox
  readonly #world: World
  readonly #requests = new Set<Promise<unknown>>()
  #isOpen: Promise<boolean> = Promise.resolve(false)
  readonly #log: FastifyBaseLogger
  #serving: NodeJS.Timeout | undefined

  constructor (number: number, world: World) {
    this.number = number
    this.#world = world
    const { settings } = world
    const log = this.#log = logOf(this, world)
    const inbox = this.#inbox = new ObservedInbox(world.store.inbox(this), this, world.ledger)
    const contexts = new RequestContexts()
    const deliversInvalid = () => this.webhooks.listenerCount('invalid') > 0
    const collectAtOnce: ListenerRunner['collectAtOnce'] = (...event) => runner.collectAtOnce(...event)
    this.#intake = new Intake({
      inbox, catalogue, parseJson: (text) => JSON.parse(text) as unknown, identify, deliversInvalid, collectAtOnce, log, reporter: new ReceiveReporter(catalogue, () => this.webhooks), contexts
    })
    const receive = async (body: Parameters<Intake['receive']>[0]) => await this.#intake.receive(body)
    this.webhooks = new Webhooks({ inbox: viewOf(inbox), names: [...catalogue.schemas.keys()], collects: inbox.collects, onSubscribe: () => { this.#dispatcher.wake() }, receive })
    const runner = new ListenerRunner({ webhooks: this.webhooks, log, catalogue, options: settings, durable: inbox.durable, completion: inbox.completion, contexts })
    this.#dispatcher = new Dispatcher({ inbox, webhooks: this.webhooks, runner, log, concurrency: settings.concurrency })
    listen(this, world)
    this.collectors = new LifeCollectors(this, world)
  }

  /** Whether it has crashed: nothing that it still does has an effect. */
  get isOver (): boolean {
    return this.state === 'crashed'
  }

  get isAlive (): boolean {
    return this.state === 'opening' || this.state === 'up' || this.state === 'closing'
  }

  open (): void {
    this.#isOpen = this.#open()
  }

  async #open (): Promise<boolean> {
    try {
      await this.#inbox.open({ log: this.#log, maxBacklog: this.#world.settings.maxBacklog, wake: () => { this.#dispatcher.wake() } })
    } catch {
      if (this.state === 'opening') this.state = 'failed'
      return false
    }
    if (this.state !== 'opening') return true
    this.state = 'up'
    if (this.#inbox.isRecovering) this.#serving = setTimeout(() => { this.#dispatcher.start() }, SERVES_AFTER)
    else this.#dispatcher.start()
    return true
  }

  /** A request, which closing waits for. */
  async post (body: Uint8Array): Promise<'accepted' | 'duplicate' | 'invalid'> {
    const request = this.webhooks.receive(body)
    this.#requests.add(request)
    const { status } = await request.finally(() => { this.#requests.delete(request) })
    return status
  }

  async close (): Promise<void> {
    this.state = 'closing'
    clearTimeout(this.#serving)
    if (await this.#isOpen) {
      this.#dispatcher.drain(this.#world.settings.drainTimeout)
      await Promise.allSettled(this.#requests)
      await this.#dispatcher.end()
      await this.#inbox.close()
    }
    if (!this.isOver) this.state = 'closed'
  }

  crash (): void {
    this.state = 'crashed'
    this.#world.clock.forget(this)
    this.#world.store.crash(this)
    this.#world.ledger.crashed(this)
  }
}

/** Counts what is logged: it says how often things have happened. */
function logOf (life: Life, world: World): FastifyBaseLogger {
  const line = (details: unknown, message = String(details)) => {
    if (life.isOver) return
    world.count(`log: ${message}`)
    world.say(() => `    [${life.number}] ${message}`)
  }
  const nothing = () => {}
  const log: FastifyBaseLogger = { level: 'info', fatal: line, error: line, warn: line, info: nothing, debug: nothing, trace: nothing, silent: nothing, child: () => log }
  return log
}
