/** How many lanes are delivered at once. Collectors may take long: as many bursts as that, while collectors are at work on them, take no lane's place. */
export class Places {
  readonly #most: number
  /** Lanes that are held, but for those of such bursts. */
  #lanes = 0
  #bursts = 0

  constructor (most: number) {
    this.#most = most
  }

  get free (): number {
    return this.#most - this.#lanes
  }

  get areAllFree (): boolean {
    return this.#lanes + this.#bursts === 0
  }

  take (lanes: number): void {
    this.#lanes += lanes
  }

  leave (): void {
    this.#lanes--
  }

  /** A lane's place is free while a collector works: says when. */
  async beside<T> (collecting: Promise<T>, onFree: () => void): Promise<T> {
    if (this.#bursts === this.#most) return await collecting
    this.#bursts++
    this.leave()
    onFree()
    try {
      return await collecting
    } finally {
      this.#bursts--
      this.take(1)
    }
  }
}
