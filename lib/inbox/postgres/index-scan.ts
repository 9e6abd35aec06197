// Only PostgreSQL: an index there still has dead rows, and a scan would pass them again each time.
/** How often all is looked through, in milliseconds: also what others had in their hands before, or have committed late. */
const WHOLE_EVERY = { least: 250, most: 20_000 } as const
/** How much longer that is put off than it takes. */
const PAUSE = 20
/**
 * How far a look goes back behind the one before, in milliseconds at least, and in times of what the slowest of the last looks took: what
 * was added before that may have been committed only now. A commit that waits for a slow disk, or for a standby, makes a look as slow.
 */
const OVERLAP = { least: 50, times: 3, fades: 0.9 } as const

/**
 * Where a look through an index begins, for what is due, or pending: of what came before, nothing is left in it but dead versions, or what
 * others have in their hands. They cannot be removed while anybody has an old snapshot.
 */
export class IndexScan {
  #since: string | null = null
  #slowest = 0
  #begun = 0
  #isWhole = true
  #wholeAt = -Infinity

  /** Up to where the server has looked before, or null: then it is to look through everything. And how far it is to go back behind that. */
  begin (): { since: string | null, overlap: number } {
    this.#begun = performance.now()
    this.#isWhole = this.#begun >= this.#wholeAt
    return { since: this.#isWhole ? null : this.#since, overlap: Math.max(OVERLAP.least, this.#slowest * OVERLAP.times) }
  }

  /** The server has looked up to here. */
  looked (until: string): void {
    const now = performance.now()
    const took = now - this.#begun
    this.#since = until
    this.#slowest = Math.max(took, this.#slowest * OVERLAP.fades)
    if (this.#isWhole) this.#wholeAt = now + Math.min(Math.max(WHOLE_EVERY.least, took * PAUSE), WHOLE_EVERY.most)
  }
}
