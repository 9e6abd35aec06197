/** Between two turns of the event loop at most, in milliseconds. A listener that blocks for longer is the app's own. */
const LONGEST = 10

/** Sees to it that listeners that need no waiting, one after the other, leave the event loop its turn. */
export class Turns {
  /** When the turn under way has to end; 0 if none is. */
  #end = 0
  #waiting: Array<() => void> = []
  readonly #next = () => { this.#turn() }

  /** Whether what comes next has to wait for a turn of the event loop. */
  get isOver (): boolean {
    const now = performance.now()
    if (this.#end !== 0) return now >= this.#end
    this.#end = now + LONGEST
    setImmediate(this.#next)
    return false
  }

  /** In a later turn, in this order. */
  later (work: () => void): void {
    this.#waiting.push(work)
  }

  #turn (): void {
    this.#end = 0
    const waiting = this.#waiting
    this.#waiting = []
    for (const work of waiting) work()
  }
}
