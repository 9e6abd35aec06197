/**
 * Remembers ids for a time, and no more than `most` of them, nor fewer than the last half of that. Two generations, of which
 * the older is dropped whole: to delete the oldest entry of one big Map for every new one costs twice as much as the new one.
 */
export class RecentIds {
  readonly #keep: number
  readonly #most: number
  #young = new Map<string, number>()
  #old = new Map<string, number>()

  /** @param keep milliseconds */
  constructor (keep: number, most: number) {
    this.#keep = keep
    this.#most = most
  }

  get size (): number {
    return this.#young.size + this.#old.size
  }

  add (id: string, now: number): void {
    if (this.#young.size >= this.#most / 2) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(id, now)
  }

  has (id: string, now: number): boolean {
    const at = this.#young.get(id) ?? this.#old.get(id)
    return at !== undefined && now - at < this.#keep
  }

  delete (id: string): void {
    this.#young.delete(id)
    this.#old.delete(id)
  }
}
