import { performance } from 'node:perf_hooks'
import { hintOn } from './hint.ts'
import type { Key } from './key-variants.ts'

/** Between two hints, in milliseconds: each takes a hundred hashes of a body that anybody may send. */
const EVERY = 1_000

/** Says what would have matched a signature that is not valid; nothing if it has just said so of another. */
export type Explain = (header: unknown, body: Uint8Array) => string | undefined

export function createExplainer (secrets: readonly string[], others: () => readonly Key[], now: () => number = () => performance.now()): Explain {
  let last = -Infinity
  return (header, body) => {
    const time = now()
    if (time - last < EVERY) return undefined
    last = time
    return hintOn(header, body, secrets, others())
  }
}
