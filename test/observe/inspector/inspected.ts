import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { memoryInbox } from '../../../index.ts'
import type { WebhooksOptions } from '../../../index.ts'
import { Activity } from '../../../lib/observe/inspector/activity.ts'
import { addApi } from '../../../lib/observe/inspector/api.ts'
import { addAssets } from '../../../lib/observe/inspector/assets.ts'
import { addChanges } from '../../../lib/observe/inspector/changes.ts'
import { addExport } from '../../../lib/observe/inspector/export.ts'
import { Feed } from '../../../lib/observe/inspector/feed.ts'
import { guard } from '../../../lib/observe/inspector/guard.ts'
import { createRedact } from '../../../lib/observe/inspector/redact.ts'
import { summaryOf } from '../../../lib/observe/inspector/summary.ts'
import { inspector } from '../../../lib/observe/inspector/inspector.ts'
import type { InspectorOptions } from '../../../lib/observe/inspector/inspector.ts'
import { createApp } from '../../helpers/app.ts'

export const JSON_TYPE = { 'content-type': 'application/json' }

export const anybody = () => true

/** An app with an inspector, and two ways to ask that. */
export async function createInspected (t: Test, options: WebhooksOptions = {}, own: Partial<InspectorOptions> = {}) {
  const { app, lines } = await createApp(t, { inbox: memoryInbox({ history: 1_000 }), ...options })
  await app.register(inspector, { prefix: '/inspector', authorize: anybody, ...own })
  const ask = async (path: string) => await app.inject(`/inspector/api/${path}`)
  const send = async (path: string, payload: object, headers: Record<string, string> = {}) =>
    await app.inject({ method: 'POST', url: `/inspector/api/${path}`, payload, headers: { ...JSON_TYPE, ...headers } })
  return { app, lines, ask, send }
}

/** The inspector, but for how long a stream is, and when a page is told to ask anew, in milliseconds. */
export async function addShortLived (app: FastifyInstance, mayLook: () => boolean, times: { lifetime: number, renewAfter: number }): Promise<void> {
  const { inbox } = app.webhooks
  const feed = new Feed({ inbox, activity: new Activity(), log: app.log, show: summaryOf, ...times })
  const closing = new AbortController().signal
  await app.register(async (scope) => {
    scope.addHook('preClose', async () => { feed.close() })
    guard(scope, mayLook)
    addApi(scope, { inbox, feed, redact: createRedact([]) })
    addChanges(scope, { inbox, feed })
    addExport(scope, { inbox, redact: createRedact([]), closing })
    addAssets(scope)
  }, { prefix: '/inspector' })
}

type Find = FastifyInstance['webhooks']['inbox']['find']
type FindOptions = NonNullable<Parameters<Find>[0]>

/** Has an app's inbox find in another way, slower or without an end. */
export function replaceFind ({ webhooks: { inbox } }: FastifyInstance, find: (options: FindOptions, own: Find) => ReturnType<Find>): void {
  const own = inbox.find.bind(inbox)
  Reflect.defineProperty(inbox, 'find', { value: async (options: FindOptions = {}) => await find(options, own) })
}

interface Row {
  seq: number
  id: string
  text: string
  medium: string
  state: string
  conversation: string | null
  error: string | null
  behind: object | null
  isCollected?: boolean
}

export interface Answer { events: Row[], ids: string[], scanned: number, before: number | null, total: number }
