import { LONGEST_TIMER } from '../../options/check.ts'

/** Rings when a time has come: by the clock, for a timer may be too early or too short. */
export class Alarm {
  readonly #ring: () => void
  #at: number | null = null
  #timer: NodeJS.Timeout | undefined

  constructor (ring: () => void) {
    this.#ring = ring
  }

  get isDue (): boolean {
    return this.#at !== null && this.#at <= Date.now()
  }

  /** For a time that is over already it does not ring. */
  set (at: number | null): void {
    this.clear()
    this.#at = at
    if (at === null || this.isDue) return
    this.#timer = setTimeout(() => {
      this.set(at)
      if (this.isDue) this.#ring()
    }, Math.min(at - Date.now(), LONGEST_TIMER))
  }

  /** To be called if it is not due: it may have rung already, and the clock was set back before anything came of it. */
  renew (): void {
    if (this.#at !== null && this.#timer === undefined) this.set(this.#at)
  }

  clear (): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#at = null
  }
}
