/** Names by which somebody may be called: no more than a number of them, for each makes series of its own. */
export class BoundedNames {
  readonly #most: number
  readonly #known = new Set<string>()

  constructor (most: number) {
    this.#most = most
  }

  /** The name itself, or `other` when there are too many. */
  of (name: string): string {
    if (!this.#known.has(name) && this.#known.size >= this.#most) return 'other'
    this.#known.add(name)
    return name
  }
}
