/** A pending event. */
export interface Waiting {
  readonly dueAt: number
  readonly attempts: number
  readonly isCollected: boolean
}

/** Whether something of a queue, the newest first, could be delivered: its oldest event, or a burst for collectors. */
export function isDue (queue: readonly Waiting[], now: number): boolean {
  return queue.some(({ dueAt, attempts, isCollected }, i) => {
    const before = queue[i + 1]
    if (dueAt > now) return false
    // A burst is due when its last event is. One that makes it full is due sooner than those before it.
    if (before === undefined) return !isCollected || attempts > 0 || i === 0
    return isCollected && queue.at(-1)?.attempts === 0 && (i === 0 || dueAt < before.dueAt)
  })
}
