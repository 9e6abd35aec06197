import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { NoSuchEventError } from '../../errors/errors.ts'
import type { EventState, StoredEvent } from '../../inbox/inbox.ts'
import { search } from '../../inbox/find.ts'
import type { InboxView } from '../../inbox/view.ts'
import { closeConnection } from '../../webhooks/close-connection.ts'
import { checkOf } from './check-of.ts'
import type { Feed } from './feed.ts'
import { hidden } from './hidden.ts'
import { summaryOf } from './summary.ts'
import type { Summary } from './summary.ts'

/** Events that one request looks at, at most. */
const MOST_SCANNED = 10_000
/** Events that it answers with. */
const PAGE = 200

const State = Type.Union([Type.Literal('pending'), Type.Literal('done'), Type.Literal('dead'), Type.Literal('invalid')])
const Digits = Type.String({ pattern: '^[0-9]{1,15}$' })
const Text = Type.String({ maxLength: 1_000 })

const Query = Type.Object({
  state: Type.Optional(State),
  name: Type.Optional(Text),
  conversation: Type.Optional(Text),
  text: Type.Optional(Text),
  before: Type.Optional(Digits)
}, { additionalProperties: false })

interface Parts {
  readonly inbox: InboxView
  readonly feed: Feed
  readonly redact: (stored: StoredEvent) => StoredEvent
}

/** What the page shows. */
export function addApi (scope: FastifyInstance, { inbox, feed, redact }: Parts): void {
  const isQuery = checkOf(Query)

  scope.get('/api/events', { schema: hidden }, async ({ query }) => await find(isQuery(query)))

  scope.get<{ Params: { id: string } }>('/api/events/:id', { schema: hidden }, async ({ params: { id } }) => {
    const event = await inbox.get(id)
    if (event === undefined) throw new NoSuchEventError()
    return redact(event)
  })

  // No HEAD for it: that would never end.
  scope.get('/api/stream', { schema: hidden, exposeHeadRoute: false }, (_request, reply) => { stream(feed, reply) })

  /** As much as one request may take: whoever wants more asks again, with `before`. */
  async function find ({ before, ...filter }: Static<typeof Query>) {
    const events: Summary[] = []
    let scanned = 0
    let next: number | null = null
    for await (const page of search(inbox, filter, { before: before === undefined ? undefined : parseInt(before, 10), redact })) {
      const taken = page.events.slice(0, PAGE - events.length)
      events.push(...taken.map(summaryOf))
      scanned += page.scanned
      next = taken.length < page.events.length ? Math.min(...taken.map(({ seq }) => seq)) : page.before
      if (events.length >= PAGE || scanned >= MOST_SCANNED) break
    }
    return { events, scanned, before: next !== null && await isLast(filter.state, next) ? null : next }
  }

  /** A full answer may have been the last one: the page is not to promise more then. */
  async function isLast (state: EventState | undefined, before: number): Promise<boolean> {
    return (await inbox.list({ state, before, limit: 1 })).length === 0
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
