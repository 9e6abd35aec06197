import type { DeliveryMessage, ReceiveMessage } from '../channels.ts'

const MINUTE = 60_000
const MINUTES = 60

/** What one minute had. */
export interface Minute {
  /** When it began, in milliseconds since the epoch. */
  readonly at: number
  accepted: number
  refused: number
  done: number
  retried: number
  dead: number
}

type Count = Exclude<keyof Minute, 'at'>

/** Counts of the last hour, by minute. */
export class Activity {
  readonly #minutes: Minute[] = []

  received ({ outcome }: Pick<ReceiveMessage, 'outcome'>, now = Date.now()): void {
    if (outcome !== 'duplicate') this.#count(outcome === 'accepted' ? 'accepted' : 'refused', now)
  }

  delivered ({ outcome }: Pick<DeliveryMessage, 'outcome'>, now = Date.now()): void {
    if (outcome === 'retry') this.#count('retried', now)
    else if (outcome === 'dead') this.#count('dead', now)
    else if (outcome !== 'abandoned') this.#count('done', now)
  }

  /** Of each of the last minutes, also of those that had nothing: the oldest first. */
  last (now = Date.now()): Minute[] {
    const latest = now - now % MINUTE
    return Array.from({ length: MINUTES }, (_, i) => {
      const at = latest - (MINUTES - 1 - i) * MINUTE
      return this.#minutes.find((minute) => minute.at === at) ?? empty(at)
    })
  }

  #count (count: Count, now: number): void {
    const at = now - now % MINUTE
    let minute = this.#minutes.at(-1)
    if (minute?.at !== at) {
      minute = empty(at)
      if (this.#minutes.push(minute) > MINUTES) this.#minutes.shift()
    }
    minute[count]++
  }
}

function empty (at: number): Minute {
  return { at, accepted: 0, refused: 0, done: 0, retried: 0, dead: 0 }
}
