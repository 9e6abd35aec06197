import type { DatabaseSync, StatementSync } from 'node:sqlite'

/** Events between two mergers: enough for several of their keys to share a page of an index of millions. */
const GENERATION = 32_768
/** Merged with each transaction: more than one adds, or memory would not be bounded. */
const MERGED_AT_ONCE = 256
const KEY_BYTES = 6

interface Merger {
  /** In the order of the index, so that neighbours are written together. */
  readonly entries: ReadonlyArray<readonly [key: number, id: string]>
  readonly events: Map<string, number>
  /** The last `seq` among them. */
  readonly upTo: number
  position: number
}

/**
 * Finds events by their ids. Ids are random: in an index, each new one changes another page, and the more there are, the more it
 * costs to add one. Hence the ids of the newest events are in memory only, and go to the index by the thousand, sorted, some with
 * each transaction. Those that a crash keeps from it are read from the events at the next start. The index has only a part of
 * each id: what is found is compared with the event's own.
 */
export class KnownIds {
  #young = new Map<string, number>()
  #merger: Merger | undefined
  /** What the transaction under way has changed: the events that had these ids before. */
  #before: Array<readonly [id: string, seq: number | undefined]> = []
  #merged = 0
  #indexed: number
  readonly #find: StatementSync
  readonly #insert: StatementSync
  readonly #key = Buffer.alloc(KEY_BYTES)

  /** `indexed` is the last `seq` that the index has. */
  constructor (db: DatabaseSync, indexed: number) {
    this.#indexed = indexed
    this.#find = db.prepare('SELECT events.seq FROM ids JOIN events ON events.seq = ids.seq WHERE ids.key = ? AND events.id = ?')
    this.#insert = db.prepare('INSERT OR IGNORE INTO ids VALUES (?, ?)')
    const rows = db.prepare('SELECT id, seq FROM events WHERE seq > ? ORDER BY seq').iterate(indexed)
    for (const { id, seq } of rows) this.#young.set(String(id), Number(seq))
  }

  get indexed (): number {
    return this.#indexed
  }

  /** The `seq` of the event with this id. */
  get (id: string): number | undefined {
    return this.#young.get(id) ?? this.#merger?.events.get(id) ?? this.#stored(id)
  }

  set (id: string, seq: number): void {
    this.#before.push([id, this.#young.get(id)])
    this.#young.set(id, seq)
  }

  /** For what is deleted from the store. */
  delete (id: string): void {
    const seq = this.#young.get(id) ?? this.#merger?.events.get(id)
    if (seq === undefined) return
    this.#before.push([id, seq])
    this.#young.delete(id)
    this.#merger?.events.delete(id)
  }

  /** Brings a part of what is not indexed yet into the index, within the transaction under way. */
  merge (): void {
    if (this.#merger === undefined && this.#young.size >= GENERATION) this.#begin()
    if (this.#merger === undefined) return
    const { entries, events, position } = this.#merger
    const end = Math.min(position + MERGED_AT_ONCE, entries.length)
    for (const entry of entries.slice(position, end)) this.#index(entry, events)
    this.#merged = end - position
  }

  commit (): void {
    this.#before = []
    if (this.#merger === undefined) return
    this.#merger.position += this.#merged
    this.#merged = 0
    if (this.#merger.position < this.#merger.entries.length) return
    this.#indexed = this.#merger.upTo
    this.#merger = undefined
  }

  rollback (): void {
    for (const [id, seq] of this.#before.toReversed()) {
      if (seq === undefined) this.#young.delete(id)
      else this.#young.set(id, seq)
    }
    this.#before = []
    this.#merged = 0
  }

  #begin (): void {
    const events = this.#young
    this.#young = new Map()
    const entries = Array.from(events.keys(), (id) => [this.#keyOf(id), id] as const).sort(([a], [b]) => a - b)
    this.#merger = { entries, events, upTo: Math.max(...events.values()), position: 0 }
  }

  #index ([key, id]: readonly [number, string], events: ReadonlyMap<string, number>): void {
    const seq = events.get(id)
    if (seq !== undefined) this.#insert.run(key, seq)
  }

  #stored (id: string): number | undefined {
    const row = this.#find.get(this.#keyOf(id), id)
    return row && Number(row.seq)
  }

  /** The first bytes of the id: an integer that SQLite stores in six. */
  #keyOf (id: string): number {
    this.#key.fill(0).write(id, 'base64url')
    return this.#key.readIntBE(0, KEY_BYTES)
  }
}
