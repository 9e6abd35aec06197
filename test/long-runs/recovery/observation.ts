import type { Traffic } from '../traffic.ts'

/** The rate is back when so much of it is delivered in a second. */
const ENOUGH = 0.95
const SECOND = 1_000

/** What is seen from a kill on. Times in milliseconds since the kill. */
export class Observation {
  /** Until the first answer 200 to an event that was posted after the kill. */
  answered: number | undefined
  /** Until the first event was through its listener. */
  delivered: number | undefined
  /** Until the beginning of the first whole second in which the rate was delivered. */
  rate: number | undefined
  /** Until all that had been answered 200 and not delivered at the kill was delivered. */
  interrupted: number | undefined
  /** Until no more was waiting than a second's events, after the rate was back. */
  caughtUp: number | undefined
  /** Events that had been answered 200 and not delivered at the kill. */
  readonly underWay: number
  readonly #left: Set<string>
  readonly #times: number[] = []
  readonly #traffic: Pick<Traffic, 'waiting'>
  readonly #rate: number

  constructor (traffic: Pick<Traffic, 'waiting' | 'onAnswer' | 'onDelivered'>, rate: number, killedAt: number) {
    this.#traffic = traffic
    this.#rate = rate
    this.#left = new Set([...traffic.waiting].filter(([, { answered }]) => answered).map(([key]) => key))
    this.underWay = this.#left.size
    if (this.underWay === 0) this.interrupted = 0
    traffic.onAnswer = (at, postedAt) => { if (postedAt >= killedAt) this.answered ??= at - killedAt }
    traffic.onDelivered = (key, at) => { this.#hear(key, at - killedAt) }
  }

  get isOver (): boolean {
    return this.caughtUp !== undefined && this.interrupted !== undefined
  }

  #hear (key: string, after: number): void {
    if (after < 0) return // before the kill, and only now seen
    this.delivered ??= after
    if (this.#left.delete(key) && this.#left.size === 0) this.interrupted = after
    if (this.rate === undefined) this.#look(after)
    else if (this.#traffic.waiting.size <= this.#rate) this.caughtUp ??= after
  }

  /** Whether a second that ends here had enough. */
  #look (after: number): void {
    this.#times.push(after)
    const first = this.#times.at(-Math.ceil(this.#rate * ENOUGH))
    if (first === undefined || after - first > SECOND) return
    this.rate = first
  }
}
