import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** The same numbers for the same seed. */
export class Random {
  readonly #generator: ReturnType<typeof xoroshiro128plus>

  constructor (seed: number) {
    this.#generator = xoroshiro128plus(seed)
  }

  /** From 0, and less than `end`. */
  below (end: number): number {
    return uniformInt(this.#generator, 0, end - 1)
  }

  oneOf<T> (first: T, ...others: readonly T[]): T {
    return [first, ...others][this.below(others.length + 1)] ?? first
  }
}
