/** Between two turns of the event loop at most, in milliseconds. A listener that blocks for longer is the app's own. */
const LONGEST = 10

/** Says whether it has called a listener that is not through. */
type Work = () => boolean

/**
 * Sees to it that listeners, one after the other, leave the event loop its turn. What a listener does without waiting for anything else,
 * also after an `await`, is behind it before the next one is called: that is how it is known how long it takes.
 */
export class TimeSlices {
  /** When the turn under way has to end; 0 if none is. */
  #end = 0
  readonly #waiting: Work[] = []
  /** Whether some of it runs just now, or waits for a listener or for the event loop. */
  #isBusy = false
  readonly #goOn = () => { this.#go() }
  readonly #next = () => {
    this.#end = 0
    if (this.#waiting.length > 0) this.#go()
  }

  /** Whether what comes next has to wait for a turn of the event loop. */
  get isOver (): boolean {
    const now = performance.now()
    if (this.#end !== 0) return now >= this.#end
    this.#end = now + LONGEST
    setImmediate(this.#next)
    return false
  }

  /** Now if nothing speaks against it, or else later, in this order. */
  run (work: Work): void {
    this.#waiting.push(work)
    if (!this.#isBusy) this.#go()
  }

  #go (): void {
    this.#isBusy = true
    while (this.#waiting.length > 0) {
      if (this.isOver) return // the next turn goes on
      if (this.#waiting.shift()?.() === true) {
        queueMicrotask(this.#goOn)
        return
      }
    }
    this.#isBusy = false
  }
}
