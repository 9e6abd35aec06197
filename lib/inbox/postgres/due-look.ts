/** How often all that is due is looked through, in milliseconds: also what others had in their hands before, or have committed late. */
const WHOLE_EVERY = 250

/**
 * Where a look for lanes that are due begins: what was due before has been taken, and in the index there is nothing left of it but dead
 * versions. They cannot be removed while anybody has an old snapshot.
 */
export class DueLook {
  #since: string | null = null
  #wholeAt = 0
  #isWhole = true

  /** When the server has last found all that was due, or null: then it is to look through everything. */
  get since (): string | null {
    this.#isWhole = this.#since === null || performance.now() - this.#wholeAt >= WHOLE_EVERY
    return this.#isWhole ? null : this.#since
  }

  /** The server has looked, at this time by its clock, and has found all there was, or as much as was asked for. */
  looked (at: string, foundAll: boolean): void {
    if (!foundAll) return
    this.#since = at
    if (this.#isWhole) this.#wholeAt = performance.now()
  }
}
