import { copyFileSync } from 'node:fs'
import type { Test } from 'tap'
import type { Claim, Inbox, Outcome } from '../../../../index.ts'
import type { Call, Opening } from '../../../../lib/inbox/sqlite/messages.ts'
import { Store } from '../../../../lib/inbox/sqlite/store/store.ts'
import { openInbox, temporaryFile } from '../../../helpers/sqlite.ts'
import { adds, claim, done, newEvent } from '../../conformance.ts'

/** More lanes than there are. */
export const ALL = 1_000

export const failed = ({ events: [event] }: Claim, more: Partial<Outcome> = {}): Outcome[] =>
  event === undefined ? [] : [{ seq: event.seq, state: 'pending', dueAt: 1, completed: [], error: 'broken', ...more }]

export const shown = (claims: readonly Claim[]) => claims.map(({ events }) => events.map(({ id, attempt, interrupted = false }) => `${id} ${attempt}${interrupted ? ' interrupted' : ''}`).join(', '))

export const attempts = async (inbox: Inbox) => Object.fromEntries((await inbox.list()).map(({ id, attempts }) => [id, attempts]))

export async function isUp (inbox: Inbox): Promise<boolean> {
  try {
    await inbox.stats()
    return true
  } catch {
    return false
  }
}

/** What a process leaves behind that ends here and now. */
export function afterEnd (t: Test, path: string): string {
  const left = temporaryFile(t)
  for (const end of ['', '-wal']) copyFileSync(path + end, left + end)
  return left
}

export function openStore (t: Test, more: Pick<Opening, 'path' | 'held' | 'restarted'>): Store {
  const store = new Store({ kind: 'open', keep: 1, keepFailed: 1, maxBacklog: 10, again: true, ...more })
  t.teardown(() => { store.close() })
  return store
}

export const work = (store: Store, call: Call) => store.run({ kind: 'work', now: 1, done: [], failed: [], givenBack: [], settledAt: 0, adds: { rows: [], bodies: new Uint8Array(0) }, calls: [call] }).results[0]

/** The file of a process that has ended with one event of each of so many lanes in memory. */
export async function endedWith (t: Test, lanes: number): Promise<string> {
  const path = temporaryFile(t)
  await Promise.all(adds(await openInbox(t, { path }), ...Array.from({ length: lanes }, (_, i) => newEvent(`${i}`, { id: `${i}` }))))
  return afterEnd(t, path)
}

/** Settles as done what is claimed, until there is no more. Says how much was claimed each time. */
export async function finish (inbox: Inbox): Promise<number[]> {
  const sizes: number[] = []
  for (let claims = await claim(inbox); claims.length > 0; claims = await claim(inbox)) {
    sizes.push(claims.length)
    for (const held of claims) await inbox.settle(held, done(held))
  }
  return sizes
}

/** The file of a process that has ended with four of 200 suspect lanes on trial, and the lanes that these were. */
export async function endedInBatch (t: Test): Promise<{ path: string, batch: string[] }> {
  const path = await endedWith(t, 200)
  const batch = (await claim(await openInbox(t, { path }))).map(({ lane }) => lane)
  t.equal(batch.length, 4)
  return { path: afterEnd(t, path), batch }
}

/** The file of a process that has ended with a1, a2, b1 and c1 under way. */
export async function ended (t: Test): Promise<string> {
  const path = temporaryFile(t)
  const inbox = await openInbox(t, { path })
  t.equal(inbox.isRecovering, false, 'a new file')
  await Promise.all(adds(inbox, ...['a1', 'a2', 'b1', 'c1'].map((id) => newEvent(id.slice(0, 1), { id }))))
  t.same(shown(await claim(inbox)), ['a1 1, a2 1', 'b1 1', 'c1 1'])
  return afterEnd(t, path)
}
