import { setTimeout } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { search } from '../inbox/find.ts'
import type { InboxView } from '../inbox/view.ts'
import { partsOf } from './parts-of.ts'

/** Between two looks at the inbox, in milliseconds. */
const LOOK_EVERY = 5

/**
 * Waits until no event is under way and none could be delivered now. What is to be tried again later is not waited for, nor is what
 * waits behind it in its conversation. A durable inbox delivers nothing as long as there are no listeners: then it waits for some.
 */
export async function settled (app: Pick<FastifyInstance, 'ready'>): Promise<void> {
  await app.ready()
  const { inbox, dispatcher } = partsOf(app, 'calling `settled`')
  // Behind an event that is tried beside its conversation others go on, which the inbox does not show: hence both.
  while (await hasDue(inbox) || !dispatcher.isIdle()) await setTimeout(LOOK_EVERY)
}

async function hasDue (inbox: InboxView): Promise<boolean> {
  if ((await inbox.stats()).pending === 0) return false
  const first = new Map<string, Date | null>()
  // The newest first: what is left of each lane is when its oldest event is due.
  for await (const { events } of search(inbox, { state: 'pending' })) for (const { lane, dueAt } of events) first.set(lane, dueAt)
  return [...first.values()].some((dueAt) => Number(dueAt) <= Date.now())
}
