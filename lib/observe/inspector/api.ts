import type { FastifyInstance, FastifyReply } from 'fastify'
import { NoSuchEventError } from '../../errors/errors.ts'
import { redacted } from '../../inbox/find.ts'
import type { EventFilter, FindOptions, Found, StoredEvent } from '../../inbox/inbox.ts'
import type { InboxView } from '../../inbox/view.ts'
import { closeConnection } from '../../webhooks/close-connection.ts'
import { blockersOf } from './blockers.ts'
import { eventOf } from './event-of.ts'
import type { Feed } from './feed.ts'
import { questionOf } from './filter.ts'
import { hidden } from './hidden.ts'
import { look, whileWaited } from './look.ts'
import { partOf } from './part.ts'
import { detailOf, summaryOf } from './summary.ts'
import { waitingOf } from './waiting.ts'

/** Ids that one request answers with, about. */
const MOST_IDS = 10_000

interface Parts {
  readonly inbox: InboxView
  readonly feed: Feed
  readonly redact: (stored: StoredEvent) => StoredEvent
}

/** What the page shows. */
export function addApi (scope: FastifyInstance, { inbox, feed, redact }: Parts): void {
  scope.get('/api/events', { schema: hidden }, async ({ query }, reply) => {
    const { filter, before, totalOf } = questionOf(query)
    const { events, originals, ...part } = await partOf({ inbox, redact }, { filter, before }, whileWaited(reply))
    const stats = await inbox.stats()
    const blockerOf = await blockersOf(inbox, { events: originals, failing: stats.failing })
    const blockers = new Map(originals.map((event) => [event.id, blockerOf(event)]))
    return {
      events: events.map((event) => {
        const blocker = blockers.get(event.id) ?? null
        return summaryOf(event, blocker && redact(blocker))
      }),
      ...part,
      total: totalOf(stats)
    }
  })

  scope.get('/api/ids', { schema: hidden }, async ({ query }, reply) => {
    const { filter, before, totalOf } = questionOf(query)
    const { ids, scanned, before: next } = await look(async (part) => await idsOf(filter, part), { before, most: MOST_IDS, signal: whileWaited(reply) })
    return { ids, scanned, before: next, total: totalOf(await inbox.stats()) }
  })

  scope.get<{ Params: { id: string } }>('/api/events/:id', { schema: hidden }, async ({ params: { id } }, reply) => {
    const event = await eventOf(inbox, id, whileWaited(reply))
    if (event === undefined) throw new NoSuchEventError()
    const { first, ...waiting } = await waitingOf(inbox, event)
    return detailOf(redact(event), { ...waiting, first: first && redact(first) })
  })

  // No HEAD for it: that would never end.
  scope.get('/api/stream', { schema: hidden, exposeHeadRoute: false }, (_request, reply) => { stream(feed, reply) })

  /** What a text or a conversation finds is looked at: whether what is not shown has it must not be found out. */
  async function idsOf (filter: EventFilter, part: Pick<FindOptions, 'limit' | 'before'>): Promise<Found> {
    if (filter.text === undefined && filter.conversation === undefined) return await inbox.find({ ...filter, ...part, idsOnly: true })
    return { ...redacted(await inbox.find({ ...filter, ...part }), filter, redact), events: [] }
  }
}

function stream (feed: Feed, reply: FastifyReply): void {
  reply.hijack()
  const { raw } = reply
  // Not kept alive: at its end the app is closing, which would wait for what the browser may still ask for.
  closeConnection(reply)
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value)
  raw.writeHead(200, { 'content-type': 'text/event-stream' })
  feed.add(raw)
}
