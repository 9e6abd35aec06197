import type { TSchema } from '@sinclair/typebox'
import type { RouteShorthandOptions } from 'fastify'
import { InvalidOptionError } from '../errors/errors.ts'
import { checkEvents } from '../events/own-events.ts'
import type { EventSchema } from '../events/own-events.ts'
import type { UnknownEvent } from '../events/schemas.ts'
import type { Inbox } from '../inbox/inbox.ts'
import { bool, check, duration, func, integer, isObject } from '../options/check.ts'
import type { Filled, Rule } from '../options/check.ts'

/** When a failed delivery is tried again. Only durable inboxes do: with another, the sender learns of it and may repeat. */
export interface RetryOptions {
  /** Before the second delivery, in milliseconds. Jitter takes off up to half of each delay. @default 1000 */
  minDelay?: number | undefined
  /** No delay is longer, in milliseconds. @default 600000 (10 minutes) */
  maxDelay?: number | undefined
  /** Each delay is this many times the one before. @default 3 */
  factor?: number | undefined
  /**
   * How long an event that fails again and again holds its lane, in milliseconds. After that it leaves it, for good: what was behind it
   * goes on, and it is tried beside it. @default 900000 (15 minutes)
   */
  blockFor?: number | undefined
  /** So long after it first failed an event is dead, in milliseconds. @default 259200000 (3 days) */
  giveUpAfter?: number | undefined
  /** After so many deliveries an event is dead, the first one included, even if it is sooner. @default Infinity */
  attempts?: number | undefined
}

/** What the route may be given besides. Its method, path, schema and handler are the plugin's. */
export type WebhookRouteOptions = Pick<RouteShorthandOptions, typeof ROUTE_KEYS[number]>

export type SignatureMode = 'either' | 'raw'

export interface WebhooksOptions {
  /** The POST route, below the prefix of the scope that the plugin is registered in. @default '/webhooks/oneroute' */
  path?: string | undefined
  /** In front of `path`, as Fastify's own option of `register` is. @default '' */
  prefix?: string // without undefined, as there
  /**
   * OneRoute secret keys; several while one is being changed. Set: a request without a valid signature gets 401. Not given:
   * requests are accepted unsigned. Given but undefined or blank, as a whole or one of them: refused, so that a missing environment
   * variable cannot switch the check off.
   */
  secret?: string | ReadonlyArray<string | undefined> | undefined
  /**
   * Over which bytes a signature is valid: `raw`, those that came in; `either`, also the JSON as `JSON.stringify` writes it, which
   * OneRoute's own sample signs. What fits only so is gone on with as it was signed. @default 'either'
   */
  signature?: SignatureMode | undefined
  /** Addresses or CIDR ranges; anyone else gets 403. Looks at `request.ip`, so Fastify's `trustProxy` counts. @default everyone */
  allowedIps?: readonly string[] | undefined
  /**
   * What makes two posts the same event: the same string. undefined or an empty string stands for the SHA-256 of the body; null
   * makes each post an event of its own. @default the body's SHA-256
   */
  key?: ((event: UnknownEvent) => string | null | undefined) | undefined
  /** Where accepted events are kept. @default memoryInbox() */
  inbox?: Inbox | undefined
  /** Schemas of further events, by name, made with `@sinclair/typebox` 0.34. Declare their types in `WebhookEvents`. @default {} */
  events?: Readonly<Record<string, EventSchema>> | undefined
  /** Events for which this returns the same string keep their order. @default the conversation's id */
  lane?: ((event: UnknownEvent) => string | null | undefined) | undefined
  /** Lanes that are delivered at once by this process. @default 64 */
  concurrency?: number | undefined
  /** A listener that takes longer has failed, in milliseconds. It is not called again while it is at work. @default 30000 */
  timeout?: number | undefined
  retry?: RetryOptions | undefined
  /** Bytes; a larger body gets 413. @default 1048576 */
  bodyLimit?: number | undefined
  /**
   * When so many events are pending, the next one gets 503. When so many are invalid, the next invalid one gets 400. With PostgreSQL,
   * N processes that add at the same moment can exceed it by 512 × (N − 1) events. @default 1000000
   */
  maxBacklog?: number | undefined
  /** How long closing waits for running listeners, in milliseconds. @default 10000 */
  drainTimeout?: number | undefined
  /** Whether this process has the route. @default true */
  receive?: boolean | undefined
  /** Whether this process runs listeners. Only a durable inbox can leave that to another. @default true */
  deliver?: boolean | undefined
  /** Further hooks, `config` and the like for the route. @default {} */
  routeOptions?: WebhookRouteOptions | undefined
}

export interface ResolvedOptions extends Filled<Omit<WebhooksOptions, 'secret' | 'allowedIps' | 'inbox' | 'events' | 'key' | 'lane' | 'retry'>> {
  readonly secrets: readonly string[]
  readonly allowedIps: readonly string[] | undefined
  readonly inbox: Inbox | undefined
  readonly events: Readonly<Record<string, TSchema>>
  readonly key: WebhooksOptions['key']
  readonly lane: WebhooksOptions['lane']
  readonly retry: Filled<RetryOptions>
}

const ROUTE_KEYS = [
  'onRequest', 'preParsing', 'preValidation', 'preHandler', 'preSerialization', 'onSend', 'onResponse', 'onTimeout',
  'onError', 'onRequestAbort', 'config', 'constraints', 'logLevel', 'logSerializers'
] as const

const isFilled = (value: unknown) => typeof value === 'string' && value.trim() !== ''
const listOf = (fits: Rule['fits']): Rule['fits'] => (value) => Array.isArray(value) && value.length > 0 && value.every(fits)
const INBOX_METHODS = ['open', 'add', 'claim', 'settle', 'stats', 'list', 'get', 'replay', 'discard', 'forget', 'close'] as const

const RULES: Record<keyof WebhooksOptions, Rule> = {
  path: { fits: (value) => typeof value === 'string' && value.startsWith('/'), must: "start with '/'" },
  prefix: { fits: (value) => value === '' || (typeof value === 'string' && /^\/.*[^/]$/.test(value)), must: "start with '/', and not end with it" },
  secret: {
    fits: (value) => isFilled(value) || listOf(isFilled)(value),
    must: 'be a key that is not blank, or a list of one or more of them: none undefined or blank',
    secret: true
  },
  signature: { fits: (value) => value === 'either' || value === 'raw', must: "be 'either' or 'raw'" },
  allowedIps: { fits: listOf((entry) => typeof entry === 'string'), must: 'be a list of addresses or CIDR ranges' },
  key: func,
  inbox: {
    fits: (value) => isObject(value) && INBOX_METHODS.every((method) => typeof value[method] === 'function'),
    must: 'be an inbox, such as memoryInbox()'
  },
  events: { fits: isObject, must: 'be an object of TypeBox schemas by event name' },
  lane: func,
  concurrency: integer(1),
  timeout: duration(1),
  retry: { fits: isObject, must: 'be an object' },
  bodyLimit: integer(1),
  maxBacklog: integer(1),
  drainTimeout: duration(),
  receive: bool,
  deliver: bool,
  routeOptions: { fits: isObject, must: 'be an object' }
}

function orInfinity (least: number): Rule {
  return { fits: (value) => value === Infinity || integer(least).fits(value), must: `be an integer of ${least} or more, or Infinity` }
}

const RETRY_RULES: Record<keyof RetryOptions, Rule> = {
  minDelay: duration(),
  maxDelay: duration(),
  factor: { fits: (value) => typeof value === 'number' && Number.isFinite(value) && value >= 1, must: 'be a number of 1 or more' },
  blockFor: orInfinity(0),
  giveUpAfter: orInfinity(0),
  attempts: orInfinity(1)
}

const ROUTE_RULES = Object.fromEntries(ROUTE_KEYS.map((key) => [key, { fits: () => true, must: '' }]))

/** Checks the plugin's options and fills in the defaults: the one place for both. */
export function resolveOptions (options: WebhooksOptions): ResolvedOptions {
  check("the plugin's options", options, RULES)
  if ('secret' in options && options.secret === undefined) {
    throw new InvalidOptionError('`secret` is given, but undefined: set it, or leave the key out to accept unsigned requests')
  }
  const { retry = {}, events = {}, routeOptions = {} } = options
  check('`retry`', retry, RETRY_RULES)
  check('`routeOptions`', routeOptions, ROUTE_RULES)
  checkEvents(events)
  if (options.deliver === false && options.inbox?.durable !== true) {
    throw new InvalidOptionError('`deliver: false` needs an inbox that is durable, got one that is not')
  }
  return {
    path: options.path ?? '/webhooks/oneroute',
    prefix: options.prefix ?? '',
    secrets: [options.secret].flat().filter((key) => key !== undefined), // a list with such a key was refused above
    signature: options.signature ?? 'either',
    allowedIps: options.allowedIps,
    inbox: options.inbox,
    events,
    key: options.key,
    lane: options.lane,
    concurrency: options.concurrency ?? 64,
    timeout: options.timeout ?? 30_000,
    retry: {
      minDelay: retry.minDelay ?? 1_000,
      maxDelay: retry.maxDelay ?? 600_000,
      factor: retry.factor ?? 3,
      blockFor: retry.blockFor ?? 900_000,
      giveUpAfter: retry.giveUpAfter ?? 259_200_000,
      attempts: retry.attempts ?? Infinity
    },
    bodyLimit: options.bodyLimit ?? 1_048_576,
    maxBacklog: options.maxBacklog ?? 1_000_000,
    drainTimeout: options.drainTimeout ?? 10_000,
    receive: options.receive ?? true,
    deliver: options.deliver ?? true,
    routeOptions
  }
}
