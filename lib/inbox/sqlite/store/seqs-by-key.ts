const NONE: readonly never[] = []

/** Events by a number that few of them share: an array for each would be most of the memory. */
export class SeqsByKey {
  readonly #newest = new Map<number, number>()
  readonly #others = new Map<number, number[]>()

  get size (): number {
    return this.#newest.size
  }

  add (key: number, seq: number): void {
    const other = this.#newest.get(key)
    this.#newest.set(key, seq)
    if (other !== undefined) this.#others.set(key, [...this.#others.get(key) ?? NONE, other])
  }

  /** Takes back what was added last. */
  remove (key: number): void {
    const other = this.#others.get(key)?.pop()
    if (other === undefined) this.#newest.delete(key)
    else this.#newest.set(key, other)
  }

  get (key: number): readonly number[] {
    const newest = this.#newest.get(key)
    return newest === undefined ? NONE : [newest, ...this.#others.get(key) ?? NONE]
  }

  /** `key, seq, key, seq …`, by key. */
  sorted (): number[] {
    const keys = Float64Array.from(this.#newest.keys()).sort() // many times as fast as to sort pairs
    return Array.from(keys).flatMap((key) => this.get(key).flatMap((seq) => [key, seq]))
  }
}
