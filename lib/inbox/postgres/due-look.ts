/** How often all that is due is looked through, in milliseconds: also what others had in their hands before, or have committed late. */
const WHOLE_EVERY = { least: 250, most: 5_000 } as const
/** How much longer that is put off than it takes. */
const PAUSE = 20

/**
 * Where a look for lanes that are due begins: what was due before has been taken, and in the index there is nothing left of it but dead
 * versions. They cannot be removed while anybody has an old snapshot.
 */
export class DueLook {
  #since: string | null = null
  #wholeAt = -Infinity
  #begun: number | undefined

  /** Up to when the server has looked before, or null: then it is to look through everything. */
  get since (): string | null {
    const now = performance.now()
    if (now < this.#wholeAt) return this.#since
    this.#begun = now
    return null
  }

  /** The server has looked up to this time by its clock. */
  looked (until: string): void {
    this.#since = until
    if (this.#begun === undefined) return
    const now = performance.now()
    this.#wholeAt = now + Math.min(Math.max(WHOLE_EVERY.least, (now - this.#begun) * PAUSE), WHOLE_EVERY.most)
    this.#begun = undefined
  }
}
