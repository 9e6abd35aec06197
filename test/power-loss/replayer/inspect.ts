import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EventState } from '../../../lib/inbox/inbox.ts'
import { Admission, READY } from '../../../lib/inbox/sqlite/lane-owner.ts'
import type { Work } from '../../../lib/inbox/sqlite/messages.ts'
import { Store } from '../../../lib/inbox/sqlite/store/store.ts'
import { FILE } from '../recording.ts'
import { contentsOf } from './contents.ts'
import type { Files } from './disk.ts'

export interface FoundEvent {
  readonly id: string
  readonly seq: number
  readonly lane: string
  readonly state: EventState
  /** A digest of its body. */
  readonly body: string
}

/** What is found when the inbox is opened. */
export interface Found {
  /** Of the tables before, in short: see `contentsOf`. */
  readonly contents: string
  readonly events: readonly FoundEvent[]
}

export type ProblemKind = 'damaged' | 'does not open' | 'does not go on'

export class Unusable extends Error {
  readonly kind: ProblemKind

  constructor (kind: ProblemKind, cause: unknown) {
    super(String(cause), { cause })
    this.kind = kind
  }
}

export function digestOf (body: string | Buffer): string {
  return createHash('sha256').update(body).digest('base64')
}

/** Other than all that was posted. */
const NEW = { id: digestOf('new').slice(0, 43), lane: 'a lane of its own', body: Buffer.from('{"event":"new"}') }
const MOST = 10_000

/** Opens the inbox that a disk has after the power was lost, and lets it go on. Throws an `Unusable` if that does not work. `workplace` is a folder. */
export function inspect (files: Files, workplace: string): Found {
  const folder = mkdtempSync(join(workplace, 'state-'))
  try {
    // Once as SQLite finds it, and once as the inbox does: to look changes the files.
    const contents = attempt('damaged', () => contentsOf(laidOut(files, join(folder, 'looked-at'))))
    const path = laidOut(files, join(folder, 'opened'))
    const store = attempt('does not open', () => new Store({
      kind: 'open', path, keep: Number.MAX_SAFE_INTEGER, keepFailed: Number.MAX_SAFE_INTEGER, maxBacklog: 1_000_000, held: [], again: false
    }))
    const events = attempt('does not go on', () => {
      const rows = store.ask({ method: 'list', options: { limit: MOST } })
      goOn(store)
      store.close()
      return rows.map(({ id, seq, lane, state, body }) => ({ id, seq, lane, state, body: digestOf(body) }))
    })
    attempt('damaged', () => contentsOf(path))
    return { contents, events }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function attempt<T> (kind: ProblemKind, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new Unusable(kind, error)
  }
}

/** Returns the path of the database. */
export function laidOut (files: Files, folder: string): string {
  mkdirSync(folder)
  for (const [name, content] of files) writeFileSync(join(folder, name), content)
  // It was memory: whatever the file system has of it is worth nothing, and must do no harm.
  if (files.has(`${FILE}-wal`)) writeFileSync(join(folder, `${FILE}-shm`), Buffer.alloc(32_768, 0x5a))
  return join(folder, FILE)
}

/** An event comes in, is claimed and done. */
function goOn (store: Store): void {
  const { id, lane, body } = NEW
  const now = Date.now()
  const work: Work = { kind: 'work', now, done: [], failed: [], givenBack: [], settledAt: 0, adds: { rows: [], bodies: new Uint8Array(0) }, calls: [] }
  store.run({ ...work, adds: { rows: [[id, 'new', lane, Admission.stored, now, null, body.length]], bodies: new Uint8Array(body) } })
  const claimed = store.ask({ method: 'claim', lanes: MOST }).find((one) => one.lane === lane)
  if (claimed?.events[0]?.id !== id) throw new Error('what comes in is not delivered')
  store.run({ ...work, done: claimed.events.map(({ seq }) => seq), givenBack: [{ lane, due: READY, seqs: [] }] })
  const state = store.ask({ method: 'get', id })?.state
  if (state !== 'done') throw new Error(`what was done is ${String(state)}`)
}
