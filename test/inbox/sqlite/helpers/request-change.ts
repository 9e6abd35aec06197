import { DatabaseSync } from 'node:sqlite'
import type { Test } from 'tap'
import type { Work } from '../../../../lib/inbox/sqlite/messages.ts'
import { Store } from '../../../../lib/inbox/sqlite/store/store.ts'

export const signal: AbortSignal = new AbortController().signal

export const replay = (ids: string[]) => ({ action: 'replay', ids, all: false } as const)

export const nothing: Work = { kind: 'work', now: 1, done: [], failed: [], givenBack: [], settledAt: 0, adds: { rows: [], bodies: new Uint8Array(0) }, calls: [] }

export function open (t: Test, path: string): Store {
  const store = new Store({ kind: 'open', path, keep: 1_000, keepFailed: 1_000, maxBacklog: 10, held: [], again: false })
  t.teardown(() => { try { store.close() } catch {} })
  return store
}

/** Another connection, as other processes have one. */
export function connect (t: Test, path: string) {
  const db = new DatabaseSync(path)
  t.teardown(() => { db.close() })
  const ask = (argument: string, { asked = Date.now(), action = 'replay' } = {}) =>
    Number(db.prepare('INSERT INTO change_requests (asked, action, argument) VALUES (?, ?, ?)').run(asked, action, argument).lastInsertRowid)
  const requests = () => db.prepare('SELECT request, count FROM change_requests ORDER BY request').all().map((row) => ({ ...row }))
  return { db, ask, requests }
}
