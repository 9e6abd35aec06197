import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { WebhooksOptions } from '../../../index.ts'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { createApp } from '../../helpers/app.ts'
import { listen } from '../../helpers/http.ts'
import { Client, job } from './client.ts'
import { folder } from './folder.ts'
import { until } from './until.ts'

export type Job = ReturnType<typeof job>

/** An app that listens, and a client for it. */
export async function startApp (t: Parameters<typeof createApp>[0], options: WebhooksOptions = {}) {
  const path = join(folder(t), 'inbox.db')
  const { app, lines } = await createApp(t, { inbox: sqliteInbox({ path }), ...options })
  const heard: Job[] = []
  return { app, lines, path, heard, connect: async () => new Client(t, await listen(app)) }
}

/** Notes what its listener has done. */
export function hear (app: FastifyInstance, heard: Job[], listener: (event: Job, attempt: number) => unknown = () => {}): void {
  app.webhooks.on('event', async (event, { attempt }) => {
    const posted = event as unknown as Job // nothing else is posted here
    await listener(posted, attempt)
    heard.push(posted)
  })
}

export async function drained (app: FastifyInstance): Promise<void> {
  await until(async () => {
    try {
      return (await app.webhooks.inbox.stats()).pending === 0
    } catch {
      return false // it is down
    }
  })
}

/** Each in the order of its conversation, and once. */
export function conversations (heard: readonly Job[]): Record<string, number[]> {
  const all: Record<string, number[]> = {}
  for (const { conversation: { id }, n } of heard) (all[id] ??= []).push(n)
  return all
}
