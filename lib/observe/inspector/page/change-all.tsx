import { discard, exportAddress, exported, reasonOf, replay } from './api'
import { hasState } from './fits'
import { events, number } from './format'
import { save } from './save'
import type { BulkAsked, Row } from './types'

/** So many are asked for at a time. */
const AT_ONCE = 500

interface Job {
  verb: BulkAsked['verb']
  /** The oldest first. */
  ids: readonly string[]
  /** What is not of this state any more is left as it is; '' for whatever it is of. */
  state: string
  remove: (isGone: (row: Row) => boolean) => void
  /** How many have been asked for. */
  acted: (count: number) => void
  isCancelled: () => boolean
}

/** Part by part. What has been done stays done when somebody cancels: the part that is on its way is waited for. Says what has been done. */
export async function changeAll (job: Job): Promise<string> {
  const { verb, ids, acted, isCancelled } = job
  let changed = 0
  const done = () => `${changed === ids.length ? events(changed) : `${number(changed)} of ${events(ids.length)}`} ${verb === 'Replay' ? 'put back' : 'discarded'}`
  acted(0)
  try {
    for (let at = 0; at < ids.length && !isCancelled(); at += AT_ONCE) {
      const part = ids.slice(at, at + AT_ONCE)
      changed += await changePart(job, part)
      acted(at + part.length)
    }
  } catch (error) {
    return `${done()}, then: ${reasonOf(error)}`
  }
  return isCancelled() ? `Cancelled: ${done()}` : done()
}

async function changePart ({ verb, state, remove }: Job, ids: readonly string[]): Promise<number> {
  const only = state === '' ? undefined : state
  if (verb === 'Replay') return await replay(ids, { state: only })
  const count = await discard(ids, only)
  const asked = new Set(ids)
  // Which ones are left is not known if some are: the rows say it.
  remove((row) => asked.has(row.id) && (count === ids.length || hasState(row, state)))
  return count
}

/** The selected ones as a file; all that fit are streamed to it by the server. */
export async function exportAll ({ filter, ids }: BulkAsked, acted: Job['acted'], isCancelled: Job['isCancelled']): Promise<string> {
  if (ids === null) return save(exportAddress(filter))
  acted(0)
  const parts: Blob[] = []
  // The file has the newest first.
  const all = ids.toReversed()
  for (let at = 0; at < all.length; at += AT_ONCE) {
    parts.push(await exported(all.slice(at, at + AT_ONCE)))
    if (isCancelled()) return 'Cancelled: nothing is saved'
    acted(at + AT_ONCE)
  }
  return save(URL.createObjectURL(new Blob(parts, { type: 'application/x-ndjson' })), `${events(all.length)} exported`)
}
