import { setImmediate as turn } from 'node:timers/promises'
import type { FastifyReply } from 'fastify'
import type { FindOptions, Found } from '../../inbox/inbox.ts'

/** How long one answer is looked for, in milliseconds, if nothing else is said. */
const LONGEST = 250
/** Events that are asked for at once. */
const MOST_AT_ONCE = 1_000

interface Bounds {
  readonly before: number | undefined
  /** Events that are enough. */
  readonly most: number
  readonly signal: AbortSignal
  /** How long it may take, in milliseconds. @default 250 */
  readonly longest?: number | undefined
}

/**
 * Goes back through the inbox, the newest first, until there are enough, or it has taken long enough, or nobody waits any more: whoever
 * wants more asks again, with `before`.
 */
export async function look (find: (part: Pick<FindOptions, 'limit' | 'before'>) => Promise<Found>, { before, most, signal, longest = LONGEST }: Bounds): Promise<Found> {
  const end = performance.now() + longest
  const events: Array<Found['events'][number]> = []
  const ids: string[] = []
  let scanned = 0
  let from: number | null | undefined = before
  do {
    const found: Found = await find({ limit: Math.min(most - ids.length, MOST_AT_ONCE), before: from })
    events.push(...found.events)
    ids.push(...found.ids)
    scanned += found.scanned
    from = found.before
    await turn() // an inbox in memory answers at once: requests and the browser's leaving would wait
  } while (from !== null && ids.length < most && performance.now() < end && !signal.aborted)
  return { events, ids, scanned, before: from }
}

/** Aborted when the browser does not wait for the answer any more, or has it. */
export function whileWaited ({ raw }: FastifyReply): AbortSignal {
  const leaving = new AbortController()
  raw.once('close', () => { leaving.abort() })
  return leaving.signal
}
