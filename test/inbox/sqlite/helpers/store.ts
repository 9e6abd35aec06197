import type { Test } from 'tap'
import type { AddedRow, Work } from '../../../../lib/inbox/sqlite/messages.ts'
import { Admission } from '../../../../lib/inbox/sqlite/lane-owner.ts'
import { Store } from '../../../../lib/inbox/sqlite/store/store.ts'

export const DAY = 86_400_000

/** Closed when the test ends, if it is not by then. */
export function openStore (t: Test, path: string, keep = DAY, held: string[] = []) {
  const store = new Store({ kind: 'open', path, keep, keepFailed: 1_000_000_000, maxBacklog: 1_000_000, held, again: false })
  let open = true
  const close = () => {
    if (open) store.close()
    open = false
  }
  t.teardown(close)
  return Object.assign(store, { end: close })
}

export const none = { done: [], failed: [], givenBack: [], settledAt: 0, calls: [] }

export function work (more: Partial<Work> = {}): Work {
  return { kind: 'work', now: Date.now(), ...none, adds: { rows: [], bodies: new Uint8Array(0) }, ...more }
}

/** So many events, each with one byte for a body. Ids as a hash would make them, so that they are spread over the index. */
export function adds (from: number, count: number): Work['adds'] {
  const rows = Array.from({ length: count }, (_, i): AddedRow => [idOf(from + i), 'newMessage', `lane ${(from + i) % 100}`, Admission.live, Date.now(), null, 1])
  return { rows, bodies: new Uint8Array(count) }
}

export function idOf (number: number): string {
  const id = Buffer.alloc(32)
  id.writeInt32BE(Math.imul(number, 0x9e3779b1))
  id.writeInt32BE(number, 28)
  return id.toString('base64url')
}

/** Adds events and settles them, so many in a transaction. */
export function fill (store: Store, count: number, size = 1_000): void {
  for (let from = 0; from < count; from += size) {
    const { added } = store.run(work({ adds: adds(from, size) }))
    store.run(work({ done: added }))
  }
}

export function stats (store: Store) {
  return store.run(work({ calls: [{ method: 'stats' }] })).results[0]
}
