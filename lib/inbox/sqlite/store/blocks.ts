// Only SQLite: what the store's thread writes, and readers search by. PostgreSQL has indexes.
import type { DatabaseSync } from 'node:sqlite'
import { select } from './select.ts'

/** Events of a block: those of 0 to 16 383, and so on. */
export const BLOCK = 16_384

const HASHES = 2 ** 32

export function blockOf (seq: number): number {
  return Math.floor(seq / BLOCK)
}

/** Where the index has the events that a block has of a conversation, and of the few others that have its hash. */
export function keyOf (block: number, hash: number): number {
  return block * HASHES + hash
}

/** FNV-1a. Never 0, which is no conversation. */
export function hashOf (conversation: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < conversation.length; i++) hash = Math.imul(hash ^ conversation.charCodeAt(i), 0x01000193)
  return (hash >>> 0) || 1
}

/** The first `seq` that is not indexed yet: all of it from there on has to be looked at. */
export function readIndexed (db: DatabaseSync): () => number {
  const last = select<{ block: number | null }>(db, 'SELECT max(block) AS block FROM blocks')
  return () => ((last.get()?.block ?? -1) + 1) * BLOCK
}
