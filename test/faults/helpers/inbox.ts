import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import type { UnknownEvent, WebhooksOptions } from '../../../index.ts'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { createApp } from '../../helpers/app.ts'
import { folder } from './folder.ts'
import { until } from './until.ts'

/** Apps one after the other, on one file. */
export function onOneFile (t: Test, keep?: number) {
  const path = join(folder(t), 'inbox.db')
  const start = async (listener?: (event: UnknownEvent) => unknown, options: WebhooksOptions = {}) => {
    const inbox = sqliteInbox({ path, keep })
    const { app, lines } = await createApp(t, { inbox, ...options })
    if (listener !== undefined) app.webhooks.on('event', (event) => listener(event))
    await app.ready()
    return { app, lines, inbox }
  }
  return { path, start }
}

/** Nothing is pending any more. */
export async function drained ({ webhooks }: FastifyInstance): Promise<void> {
  await until(async () => (await webhooks.inbox.stats()).pending === 0)
}

export function conversationOf ({ conversation }: UnknownEvent): string {
  return (conversation as { id: string }).id // all that is posted here has one
}
