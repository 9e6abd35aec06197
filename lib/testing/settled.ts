import { setTimeout } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { search } from '../inbox/find.ts'
import type { InboxView } from '../inbox/view.ts'
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

interface Waiting {
  readonly dueAt: number
  readonly attempts: number
  readonly isCollected: boolean
}

/** Whether something of a queue, the newest first, could be delivered: its oldest event, or a burst for collectors. */
function isDue (queue: readonly Waiting[], now: number): boolean {
  return queue.some(({ dueAt, attempts, isCollected }, i) => {
    const before = queue[i + 1]
    if (dueAt > now) return false
    // A burst is due when its last event is. One that makes it full is due sooner than those before it.
    if (before === undefined) return !isCollected || attempts > 0 || i === 0
    return isCollected && queue.at(-1)?.attempts === 0 && (i === 0 || dueAt < before.dueAt)
  })
}
