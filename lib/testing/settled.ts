import { setTimeout } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { search } from '../inbox/find.ts'
import type { InboxView } from '../inbox/view.ts'
import { isDue } from './is-due.ts'
import type { Waiting } from './is-due.ts'
import { partsOf } from './parts-of.ts'

/** Between two looks at the inbox, in milliseconds. */
const LOOK_EVERY = 5

/**
 * Waits until no event is under way and none could be delivered now. What is to be tried again later is not waited for, nor is what
 * waits behind it in its conversation. What waits for collectors is not waited for while its quiet time lasts: a burst that is full, or whose
 * time is over, is. A durable inbox delivers nothing as long as there are no listeners: then it waits for some.
 */
export async function settled (app: Pick<FastifyInstance, 'ready'>): Promise<void> {
  await app.ready()
  const { inbox, dispatcher } = partsOf(app, 'calling `settled`')
  // What is claimed may look as if it were to come: hence both.
  while (await hasDue(inbox) || !dispatcher.isIdle()) await setTimeout(LOOK_EVERY)
}

async function hasDue (inbox: InboxView): Promise<boolean> {
  if ((await inbox.stats()).pending === 0) return false
  const queues = new Map<string, Waiting[]>()
  for await (const { events } of search(inbox, { state: 'pending' })) {
    for (const { id, lane, dueAt, attempts, isAside = false, isCollected = false } of events) {
      // Beside its conversation, an event keeps no other waiting.
      const name = isAside ? `aside ${id}` : `${isCollected} ${lane}`
      const queue = queues.get(name) ?? []
      queue.push({ dueAt: Number(dueAt), attempts, isCollected })
      queues.set(name, queue)
    }
  }
  const now = Date.now()
  return [...queues.values()].some((queue) => isDue(queue, now))
}
