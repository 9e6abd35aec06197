// Only SQLite: one process adds all events, so it can index them by the block. PostgreSQL has an index of them.
import type { DatabaseSync } from 'node:sqlite'
import { BLOCK, blockOf, hashOf, keyOf, readIndexed } from './blocks.ts'
import { BulkInsert } from './bulk-insert.ts'
import { select } from './select.ts'

/** Indexed with each transaction at least. One that adds many indexes more than that, or memory would not be bounded. */
const INDEXED_AT_ONCE = 1_024

/** Events that follow each other, and are not in the index yet. */
class Block {
  readonly number: number
  /** Of the conversation of each event. 0: it has none, or is gone. */
  readonly hashes = new Uint32Array(BLOCK)
  /** When they came in. */
  oldest = Number.MAX_SAFE_INTEGER
  newest = 0

  constructor (number: number) {
    this.number = number
  }

  /** Where those of a conversation are in `hashes`, in the order of the index. */
  order (): Uint16Array {
    const keyed = Float64Array.from(this.hashes, (hash, i) => hash * BLOCK + i).filter((key) => key >= BLOCK).sort()
    return Uint16Array.from(keyed, (key) => key % BLOCK)
  }
}

/** A block that is complete, and a part of which may be in the index. */
interface Indexing {
  readonly block: Block
  readonly order: Uint16Array
  position: number
}

interface NewEvent {
  readonly seq: number
  readonly id: string
  /** Its conversation, or its id if it has none. */
  readonly lane: string
  readonly received: number
}

/**
 * Finds the events of a conversation, and those of a time. An index of conversations would change another page with each event. This one has
 * blocks of events that follow each other. Once a block is complete, its events are sorted, and go to the end of the index, some with each
 * transaction: that costs some twenty bytes an event, and to find a conversation is to look once into each block. `blocks` says of
 * those that are indexed when their events came in: a search for a time leaves out all others. What is not indexed yet has to be looked
 * through; a crash loses nothing but that it was sorted. What is found is compared with the event: it may be gone, or have another `seq` by now.
 */
export class Conversations {
  /** By number, the oldest first. */
  readonly #blocks = new Map<number, Block>()
  #indexing: Indexing | undefined
  /** What the transaction under way has added and removed, and how far it has indexed, if it has. */
  #added = 0
  #dropped: number[] = []
  #position: number | undefined
  readonly #readIndexed: () => number
  /** A field, for in Node 22 the iteration alone does not keep a statement from the garbage collector. */
  readonly #statements: ReturnType<typeof prepare>

  constructor (db: DatabaseSync, last: number) {
    this.#readIndexed = readIndexed(db)
    this.#statements = prepare(db)
    for (const event of this.#statements.rest.iterate(this.indexed)) this.set(event)
    this.commit(last)
  }

  /** The first `seq` that the index does not have. */
  get indexed (): number {
    return this.#readIndexed()
  }

  /** Those of a conversation that the index has after `after`, in order and so many at most. Some may be another's, or gone. */
  after (conversation: string, after: number, most: number): number[] {
    const { blocks, within } = this.#statements
    const found: number[] = []
    for (const { block } of blocks.all(blockOf(after + 1))) {
      found.push(...within.all(keyOf(block, hashOf(conversation)), after, most - found.length).map(({ seq }) => seq))
    }
    return found
  }

  set ({ seq, id, lane, received }: NewEvent): void {
    const block = this.#blockOf(seq)
    block.hashes[seq % BLOCK] = lane === id ? 0 : hashOf(lane)
    block.oldest = Math.min(block.oldest, received)
    block.newest = Math.max(block.newest, received)
    this.#added++
  }

  #blockOf (seq: number): Block {
    const number = blockOf(seq)
    const block = this.#blocks.get(number) ?? new Block(number)
    this.#blocks.set(number, block)
    return block
  }

  /** Of an event that is removed, for there to be nothing of it in the index. */
  drop (seq: number, lane: string): void {
    this.#statements.remove.run(keyOf(blockOf(seq), hashOf(lane)), seq)
    this.#dropped.push(seq)
  }

  /** Brings a part of a complete block into the index, within the transaction under way. */
  merge (): void {
    if (this.#indexing === undefined) return
    const { block: { number, hashes, oldest, newest }, order, position } = this.#indexing
    const end = Math.min(order.length, position + Math.max(INDEXED_AT_ONCE, 2 * this.#added))
    const values: number[] = []
    for (const at of order.subarray(position, end)) {
      const hash = Number(hashes[at])
      if (hash !== 0) values.push(keyOf(number, hash), number * BLOCK + at)
    }
    this.#statements.insert.run(values)
    if (end === order.length) this.#statements.insertBlock.run(number, oldest, newest)
    this.#position = end
  }

  /** `last` is the last `seq` that was given. */
  commit (last: number): void {
    for (const seq of this.#dropped) {
      const hashes = this.#blocks.get(blockOf(seq))?.hashes
      if (hashes !== undefined) hashes[seq % BLOCK] = 0
    }
    if (this.#indexing !== undefined && this.#position !== undefined) this.#goOn(this.#indexing, this.#position)
    if (this.#indexing === undefined) this.#begin(last)
    this.rollback()
  }

  rollback (): void {
    this.#added = 0
    this.#dropped = []
    this.#position = undefined
  }

  #goOn (indexing: Indexing, position: number): void {
    indexing.position = position
    if (position < indexing.order.length) return
    this.#blocks.delete(indexing.block.number)
    this.#indexing = undefined
  }

  /** Not before: what a transaction adds that fails is not there. */
  #begin (last: number): void {
    const [block] = this.#blocks.values()
    if (block === undefined || block.number >= blockOf(last)) return
    this.#indexing = { block, order: block.order(), position: 0 }
  }
}

function prepare (db: DatabaseSync) {
  return {
    rest: select<NewEvent>(db, 'SELECT seq, id, coalesce(home, lane) AS lane, received FROM events WHERE seq >= ? ORDER BY seq'),
    blocks: select<{ block: number }>(db, 'SELECT block FROM blocks WHERE block >= ? ORDER BY block'),
    within: select<{ seq: number }>(db, 'SELECT seq FROM conversations WHERE key = ? AND seq > ? ORDER BY seq LIMIT ?'),
    insert: new BulkInsert(db, 'INSERT OR IGNORE INTO conversations', 2),
    insertBlock: db.prepare('INSERT OR IGNORE INTO blocks VALUES (?, ?, ?)'),
    remove: db.prepare('DELETE FROM conversations WHERE key = ? AND seq = ?')
  }
}
