/** How many lanes are delivered at once. Collectors may take long: bursts, while collectors are at work on them, take no lane's place, and there are as many at most. */
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

  /** Whether another burst can be begun: others wait, and not in the place of a lane. */
  get mayCollect (): boolean {
    return this.#bursts < this.#most
  }

  take (lanes: number): void {
    this.#lanes += lanes
  }

  leave (): void {
    this.#lanes--
  }

  /** A lane's place is free while a collector works: says when. */
  async beside<T> (collecting: Promise<T>, onFree: () => void): Promise<T> {
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
