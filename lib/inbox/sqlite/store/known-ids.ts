// Only SQLite: one process adds all events, so it can have the newest ids in memory. PostgreSQL has an index of them.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { BulkInsert } from './bulk-insert.ts'
import { select } from './select.ts'
import type { Select } from './select.ts'

/** Events between two mergers: enough for several of their keys to share a page of an index of millions. */
const GENERATION = 32_768
/** Merged with each transaction at least. One that adds many merges more than that, or memory would not be bounded. */
const MERGED_AT_ONCE = 1_024

interface Merger {
  /** Those that are still to be found in memory. */
  readonly seqs: Map<string, number>
  /** In the order of the index, so that neighbours are written together. */
  readonly order: ReadonlyArray<{ key: number, id: string }>
  /** The last `seq` among them. */
  readonly upTo: number
  position: number
}

/**
 * Finds events by their ids. Ids are random: in an index, each new one changes another page, and the more there are, the more it
 * costs to add one. Hence the newest ones are in memory only, and go to the index by the thousand, sorted, some with each
 * transaction. Those that a crash keeps from it are read from the events at the next start. What is found is compared with the event:
 * it may be gone, or have another `seq` by now.
 */
export class KnownIds {
  /** Since the last merger. */
  #young = new Map<string, number>()
  /** The last `seq` among them. */
  #last: number
  #merger: Merger | undefined
  /** What the transaction under way has changed: undefined is dropped. And how much it has merged. */
  #changed = new Map<string, number | undefined>()
  #merged = 0
  #indexed: number
  /** A field, for in Node 22 the iteration alone does not keep a statement from the garbage collector. */
  readonly #newest: Select<{ id: string, seq: number }>
  readonly #find: Select<{ seq: number }>
  readonly #compare: StatementSync
  readonly #insert: BulkInsert
  readonly #remove: StatementSync

  /** `indexed` is the last `seq` that the index has. */
  constructor (db: DatabaseSync, indexed: number) {
    this.#indexed = this.#last = indexed
    // In this order: the index has a part of each id only, and seldom the same one twice.
    this.#find = select(db, 'SELECT events.seq FROM ids CROSS JOIN events ON events.seq = ids.seq WHERE ids.key = ? AND events.id = ?')
    this.#compare = db.prepare('SELECT 1 FROM events WHERE seq = ? AND id = ?')
    this.#insert = new BulkInsert(db, 'INSERT OR IGNORE INTO ids', 2)
    this.#remove = db.prepare('DELETE FROM ids WHERE key = ? AND seq = ?')
    this.#newest = select(db, 'SELECT id, seq FROM events WHERE seq > ? ORDER BY seq')
    for (const { id, seq } of this.#newest.iterate(indexed)) this.#young.set(id, this.#last = seq)
  }

  get indexed (): number {
    return this.#indexed
  }

  /** The `seq` of the event with this id. Where it is newest it is the event's, if there is one. */
  find (id: string): number | undefined {
    const seq = this.#changed.get(id) ?? this.#young.get(id) ?? this.#merger?.seqs.get(id)
    if (seq === undefined) return this.#find.get(keyOfId(id), id)?.seq
    return this.#compare.get(seq, id) === undefined ? undefined : seq
  }

  set (id: string, seq: number): void {
    this.#changed.set(id, seq)
  }

  /** Of an event that is removed, for there to be nothing of it in the index. */
  drop (id: string, seq: number): void {
    this.#remove.run(keyOfId(id), seq)
    this.#changed.set(id, undefined)
  }

  /** Brings a part of what is not indexed yet into the index, within the transaction under way. */
  merge (): void {
    if (this.#merger === undefined) return
    const { seqs, order, position } = this.#merger
    const part = order.slice(position, position + Math.max(MERGED_AT_ONCE, 2 * this.#changed.size))
    this.#insert.run(part.flatMap(({ key, id }) => {
      const seq = seqs.get(id)
      return seq === undefined ? [] : [key, seq]
    }))
    this.#merged = part.length
  }

  commit (): void {
    for (const [id, seq] of this.#changed) this.#apply(id, seq)
    this.#changed.clear()
    if (this.#merger !== undefined) this.#goOn(this.#merger)
    // Not before: what a transaction adds that fails is not there.
    else if (this.#young.size >= GENERATION) this.#begin()
  }

  rollback (): void {
    this.#changed.clear()
    this.#merged = 0
  }

  #apply (id: string, seq: number | undefined): void {
    if (seq === undefined) {
      this.#young.delete(id)
      this.#merger?.seqs.delete(id)
      return
    }
    this.#young.set(id, seq)
    this.#last = Math.max(this.#last, seq)
  }

  #goOn (merger: Merger): void {
    merger.position += this.#merged
    this.#merged = 0
    if (merger.position < merger.order.length) return
    this.#indexed = merger.upTo
    this.#merger = undefined
  }

  #begin (): void {
    const order = Array.from(this.#young.keys(), (id) => ({ key: keyOfId(id), id })).sort((a, b) => a.key - b.key)
    this.#merger = { seqs: this.#young, order, upTo: this.#last, position: 0 }
    this.#young = new Map()
  }
}

const KEY = Buffer.alloc(4)

/** The part of an id that the index has, and of what it begins with: two of a million events share one once in a hundred times. */
export function keyOfId (id: string): number {
  KEY.writeInt32BE(0)
  KEY.write(id, 'base64url')
  return KEY.readInt32BE()
}
