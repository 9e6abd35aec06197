import './lib/errors/check-node.ts'
import type { FastifyInstance } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { Dispatcher } from './lib/deliver/dispatcher.ts'
import { ListenerRunner } from './lib/deliver/listener-runner.ts'
import { registry } from './lib/deliver/registry.ts'
import { whenServing } from './lib/deliver/when-serving.ts'
import { EventCatalogue } from './lib/events/catalogue.ts'
import type { UnknownEvent } from './lib/events/schemas.ts'
import type { Inbox } from './lib/inbox/inbox.ts'
import { memoryInbox } from './lib/inbox/memory/inbox.ts'
import { viewOf } from './lib/inbox/view.ts'
import { ReceiveReporter } from './lib/observe/receive-reporter.ts'
import { RequestContexts } from './lib/observe/request-contexts.ts'
import { createIdentify } from './lib/receive/identify.ts'
import { Intake } from './lib/receive/intake.ts'
import { jsonParserOf } from './lib/receive/json-parser.ts'
import { addRoute } from './lib/receive/route.ts'
import { warnAtStartup } from './lib/receive/startup-warnings.ts'
import type { CollectedAtOnce } from './lib/webhooks/collectors.ts'
import { resolveOptions } from './lib/webhooks/options.ts'
import type { ResolvedOptions, WebhooksOptions } from './lib/webhooks/options.ts'
import { Webhooks } from './lib/webhooks/webhooks.ts'

declare module 'fastify' {
  interface FastifyInstance {
    webhooks: Webhooks
  }
}

async function webhooksPlugin (app: FastifyInstance, given: WebhooksOptions): Promise<void> {
  const options = resolveOptions(given)
  const { log } = app
  const inbox = options.inbox ?? memoryInbox()
  const catalogue = new EventCatalogue(options.events)
  const contexts = new RequestContexts()
  const reporter = new ReceiveReporter(catalogue, (): Webhooks => webhooks)
  const deliversInvalid = (): boolean => !options.deliver || webhooks.listenerCount('invalid') > 0
  const collectAtOnce = options.deliver ? (event: UnknownEvent, lane: string, id: string): CollectedAtOnce | undefined => runner.collectAtOnce(event, lane, id) : undefined
  const intake = new Intake({ inbox, catalogue, parseJson: jsonParserOf(app), identify: createIdentify(options), deliversInvalid, collectAtOnce, log, reporter, contexts })
  const server = { isReady: false, isClosing: false }

  const webhooks = new Webhooks({
    inbox: viewOf(inbox),
    names: [...catalogue.schemas.keys()],
    collects: inbox.durable && inbox.collects === true,
    onSubscribe: () => { dispatcher.wake() },
    receive: async (body) => {
      // As `inject` does: what is received before that would meet listeners that are not there yet.
      if (!server.isReady) await app.ready()
      return await intake.receive(body)
    }
  })
  const completion = inbox.completion?.bind(inbox)
  const runner = new ListenerRunner({ webhooks, log, catalogue, options, durable: inbox.durable, completion, contexts })
  const dispatcher = new Dispatcher({ inbox, webhooks, runner, log, concurrency: options.concurrency })
  registry.set(webhooks, { runner, dispatcher })

  app.decorate('webhooks', webhooks)
  const opening = Promise.resolve(inbox.open({ log, maxBacklog: options.maxBacklog, wake: () => { dispatcher.wake() } }))
  const isOpen = opening.then(() => true, () => false)
  app.addHook('onClose', async () => {
    if (!await isOpen) return
    await dispatcher.end()
    await inbox.close()
  })
  // A migration may take long, and so may another process that has the file. Fastify waits for a promise as long as that takes, but for a function no longer than `pluginTimeout`.
  const next = fastifyPlugin(async (app) => {
    await serve(app, { options, inbox, catalogue, reporter, intake, dispatcher, server }).catch(unlessGivenUp)
  })
  app.register(opening.then(() => ({ default: next })))
}

interface Parts {
  readonly options: ResolvedOptions
  readonly inbox: Inbox
  readonly catalogue: EventCatalogue
  readonly reporter: ReceiveReporter
  readonly intake: Intake
  readonly dispatcher: Dispatcher
  readonly server: { isReady: boolean, isClosing: boolean }
}

/** What follows once the inbox is open. */
async function serve (app: FastifyInstance, { options, inbox, catalogue, reporter, intake, dispatcher, server }: Parts): Promise<void> {
  app.addHook('onReady', (done) => {
    server.isReady = true
    done()
  })
  // What was under way when the process ended may end it again: requests are taken before that.
  if (options.deliver) whenServing(app, { atOnce: inbox.isRecovering !== true || !options.receive, serve: () => { dispatcher.start() } })
  app.addHook('preClose', (done) => {
    server.isClosing = true
    dispatcher.drain(options.drainTimeout)
    done()
  })
  if (options.receive) {
    await app.register(async (scope) => {
      warnAtStartup(scope, options)
      addRoute(scope, { intake, catalogue, options, reporter, closing: () => server.isClosing })
    }, { prefix: options.prefix })
  }
}

/** A plugin around this one may have had its time meanwhile: then there is nothing left but to close. */
function unlessGivenUp (error: Error): void {
  if (!('code' in error && error.code === 'FST_ERR_INSTANCE_ALREADY_LISTENING')) throw error
}

/** Receives OneRoute's webhooks as typed events on `app.webhooks`. */
const webhooks = fastifyPlugin(webhooksPlugin, { name: 'fastify-oneroute-webhooks', fastify: '^5.12.1' })

export default webhooks
export { webhooks }
export { ONEROUTE_IPS } from './lib/receive/allowed-ips.ts'
export type { DeliveryMessage, DeliveryOutcome, ListenerRun, ReceiveMessage, ReceiveOutcome, SignatureMessage, SignatureOutcome } from './lib/observe/channels.ts'
export type { CollectContext, CollectOptions } from './lib/webhooks/collectors.ts'
export type { CompleteIn, WebhookContext } from './lib/webhooks/context.ts'
export { DeliveryError } from './lib/webhooks/delivery-error.ts'
export * from './lib/errors/errors.ts'
export type { EventSchema } from './lib/events/own-events.ts'
export { NewMessage, SmsDeliveryReport } from './lib/events/schemas.ts'
export type { UnknownEvent, WebhookEvents } from './lib/events/schemas.ts'
export type {
  Awaitable, Claim, ClaimedEvent, DeliveryFailureRecord, DeliveryRecord, EventFilter, EventState, FindOptions, Found, Inbox, InboxHost, InboxStats, ListOptions, NewEvent, Outcome, PageOptions, ReplayOptions,
  SqlStatement, StoredEvent
} from './lib/inbox/inbox.ts'
export { memoryInbox } from './lib/inbox/memory/inbox.ts'
export type { MemoryInboxOptions } from './lib/inbox/memory/options.ts'
export type { InboxView } from './lib/inbox/view.ts'
export type { RetryOptions, SignatureMode, WebhookRouteOptions, WebhooksOptions } from './lib/webhooks/options.ts'
export { Webhooks } from './lib/webhooks/webhooks.ts'
export type { CollectedName, CollectListener, ReceivableBody, Receipt, WebhookListener } from './lib/webhooks/webhooks.ts'
