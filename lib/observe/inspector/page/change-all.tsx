import { discard, exportAddress, exported, replay } from './api'
import { events } from './format'
import { save } from './save'
import type { BulkAsked, Row } from './types'

/** So many are asked for at a time. */
const AT_ONCE = 500

interface Job {
  verb: BulkAsked['verb']
  /** The oldest first. */
  ids: readonly string[]
  remove: (isGone: (row: Row) => boolean) => void
  /** How many have been asked for. */
  acted: (count: number) => void
  isCancelled: () => boolean
}

/** Part by part. What has been done stays done when somebody cancels: the part that is on its way is waited for. Says what has been done. */
export async function changeAll ({ verb, ids, remove, acted, isCancelled }: Job): Promise<string> {
  let changed = 0
  acted(0)
  for (let at = 0; at < ids.length && !isCancelled(); at += AT_ONCE) {
    const part = ids.slice(at, at + AT_ONCE)
    changed += verb === 'Replay' ? await replay(part) : await discard(part)
    if (verb === 'Discard') removeAll(part, remove)
    acted(at + part.length)
  }
  return `${isCancelled() ? 'Cancelled: ' : ''}${events(changed)} ${verb === 'Replay' ? 'put back' : 'discarded'}`
}

function removeAll (ids: readonly string[], remove: Job['remove']): void {
  const gone = new Set(ids)
  remove((row) => gone.has(row.id))
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
