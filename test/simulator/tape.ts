import { randomFrom } from '../../lib/cli/send/chaos/random.ts'

/**
 * The choices that make a schedule: small numbers, each of which answers "which of so many?". Once they are used up, every answer is 0,
 * which is always the one with which all goes well. So a shorter tape, or one of smaller numbers, is a simpler schedule.
 */
export class Tape {
  /** The answers so far. */
  readonly taken: number[] = []
  readonly #next: () => number | undefined

  constructor (next: () => number | undefined) {
    this.#next = next
  }

  static of (numbers: readonly number[]): Tape {
    let position = 0
    return new Tape(() => numbers[position++])
  }

  /** Up to `longest` answers that come again with the same seed. */
  static from (seed: number, longest: number): Tape {
    const random = randomFrom(seed)
    let left = 10 + Math.floor(random() * (longest - 10))
    return new Tape(() => left-- > 0 ? Math.floor(random() * 2 ** 32) : undefined)
  }

  /** Whether more was asked than there are answers. */
  isOver = false

  /** From 0 to less than `below`. */
  choose (below: number): number {
    if (this.isOver) return 0
    const number = this.#next()
    if (number === undefined) {
      this.isOver = true
      return 0
    }
    const answer = number % below
    this.taken.push(answer)
    return answer
  }

  pick<T> (values: readonly [T, ...T[]]): T {
    return values[this.choose(values.length)] ?? values[0]
  }
}
