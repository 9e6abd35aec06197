import { hash } from 'node:crypto'

/** Numbers from 0 to less than 1. */
export type Random = () => number

/** Numbers that come again with the same seed (mulberry32). */
export function randomFrom (seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export function pick<T> (random: Random, values: readonly [T, ...T[]]): T {
  return values[Math.floor(random() * values.length)] as T // there is one, and random() is less than 1
}

/** So many different numbers from 0 to less than `below`, or all of them. */
export function sample (random: Random, below: number, size: number): Set<number> {
  const numbers = Array.from({ length: below }, (_, i) => [random(), i] as const)
  return new Set(numbers.sort(([a], [b]) => a - b).slice(0, size).map(([, i]) => i))
}

/** An id that looks like OneRoute's, and is the same for the same seed and name. */
export function idFrom (seed: number, name: string): string {
  return hash('sha256', `${seed} ${name}`, 'hex').slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
