/** How many lanes are delivered at once. */
export class Places {
  readonly most: number
  #taken = 0

  constructor (most: number) {
    this.most = most
  }

  get free (): number {
    return this.most - this.#taken
  }

  get areAllFree (): boolean {
    return this.#taken === 0
  }

  take (lanes: number): void {
    this.#taken += lanes
  }

  leave (): void {
    this.#taken--
  }
}
