import { Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { TooManyExportsError } from '../../errors/errors.ts'
import { search } from '../../inbox/find.ts'
import type { StoredEvent } from '../../inbox/inbox.ts'
import { recordOf } from '../../inbox/record.ts'
import type { InboxView } from '../../inbox/view.ts'
import { Ids } from './changes.ts'
import { checkOf } from './check-of.ts'
import { questionOf } from './filter.ts'
import { hidden } from './hidden.ts'
import { whileWaited } from './look.ts'

/** Exports of all that fits at a time: each looks through the whole inbox. */
const MOST = 2

interface Parts {
  readonly inbox: InboxView
  /** Aborted when the app closes, which would wait for whoever reads. */
  readonly closing: AbortSignal
  readonly redact: (stored: StoredEvent) => StoredEvent
}

/** Events as a file: a line each, as the command line prints them. No faster than it is read, and no longer than somebody reads. */
export function addExport (scope: FastifyInstance, { inbox, redact, closing }: Parts): void {
  const idsIn = checkOf(Ids)
  let running = 0

  // No HEAD for it: that would look through all of it for nothing.
  scope.get('/api/export', { schema: hidden, exposeHeadRoute: false }, ({ query }, reply) => {
    const { filter, before } = questionOf(query)
    if (running >= MOST) throw new TooManyExportsError(MOST)
    running++
    const lines = linesFor(reply, closing, async function * (signal) {
      for await (const { events } of search(inbox, filter, { before, redact })) {
        if (signal.aborted) return
        yield * events
        await turn()
      }
    })
    lines.once('close', () => { running-- })
    return reply.send(lines)
  })

  scope.post('/api/export', { schema: hidden }, ({ body }, reply) => {
    const { ids } = idsIn(body)
    return reply.send(linesFor(reply, closing, async function * () {
      for (const id of ids) {
        const event = await inbox.get(id)
        if (event !== undefined) yield redact(event)
      }
    }))
  })
}

function linesFor (reply: FastifyReply, closing: AbortSignal, events: (signal: AbortSignal) => AsyncGenerator<StoredEvent>): Readable {
  const now = new Date().toISOString().slice(0, 19).replaceAll(':', '-')
  reply.type('application/x-ndjson; charset=utf-8').header('content-disposition', `attachment; filename="events-${now}Z.ndjson"`)
  const lines = Readable.from(linesOf(events(whileWaited(reply))), { objectMode: false })
  const cut = () => { lines.destroy() }
  closing.addEventListener('abort', cut)
  // Also if the answer has failed before anybody read them, or its reader had left before.
  if (reply.raw.destroyed) cut()
  else reply.raw.once('close', cut)
  lines.once('close', () => { closing.removeEventListener('abort', cut) })
  return lines
}

async function * linesOf (events: AsyncIterable<StoredEvent>): AsyncGenerator<string> {
  for await (const event of events) yield `${recordOf(event)}\n`
}
