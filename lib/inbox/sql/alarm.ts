import { LONGEST_TIMER } from '../../options/check.ts'

/** Rings when a time has come: by the clock, for a timer may be too early or too short. Or by one that nobody sets, if that one was set back. */
export class Alarm {
  readonly #ring: () => void
  #at: number | null = null
  /** When it has come at the latest, by the clock of `performance`. */
  #latest = 0
  #timer: NodeJS.Timeout | undefined

  constructor (ring: () => void) {
    this.#ring = ring
  }

  get isDue (): boolean {
    return this.#at !== null && (this.#at <= Date.now() || this.#latest <= performance.now())
  }

  /** For a time that is over already it does not ring. */
  set (at: number | null): void {
    this.clear()
    if (at === null) return
    this.#at = at
    this.#latest = performance.now() + at - Date.now()
    if (!this.isDue) this.#wait()
  }

  clear (): void {
    clearTimeout(this.#timer)
    this.#at = null
  }

  /** Also if the time has come since it was looked at: nobody else would ring. */
  #wait (): void {
    this.#timer = setTimeout(() => {
      if (this.isDue) this.#ring()
      else this.#wait()
    }, Math.max(0, Math.min(this.#latest - performance.now(), LONGEST_TIMER)))
  }
}
