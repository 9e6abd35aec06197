import type { DeliveryMessage, ReceiveMessage } from '../channels.ts'

const MINUTE = 60_000

/** What a part of the time had. */
export interface Bucket {
  /** When it began, in milliseconds since the epoch. */
  readonly at: number
  accepted: number
  refused: number
  done: number
  retried: number
  dead: number
}

type Count = Exclude<keyof Bucket, 'at'>

export interface Counts {
  /** When counting began: what was before is not known. */
  readonly since: Date
  /** The last hour by minute, the oldest first. */
  readonly hour: Bucket[]
  /** The last 24 hours by half hour. */
  readonly day: Bucket[]
}

/** Counts what this process does. */
export class Activity {
  readonly #since: Date
  readonly #hour = new Buckets(MINUTE, 60)
  readonly #day = new Buckets(30 * MINUTE, 48)

  constructor (now = Date.now()) {
    this.#since = new Date(now)
  }

  received ({ outcome }: Pick<ReceiveMessage, 'outcome'>, now = Date.now()): void {
    if (outcome !== 'duplicate') this.#count(outcome === 'accepted' ? 'accepted' : 'refused', now)
  }

  delivered ({ outcome }: Pick<DeliveryMessage, 'outcome'>, now = Date.now()): void {
    if (outcome === 'retry') this.#count('retried', now)
    else if (outcome === 'dead') this.#count('dead', now)
    else if (outcome !== 'abandoned') this.#count('done', now)
  }

  counts (now = Date.now()): Counts {
    return { since: this.#since, hour: this.#hour.last(now), day: this.#day.last(now) }
  }

  #count (count: Count, now: number): void {
    this.#hour.count(count, now)
    this.#day.count(count, now)
  }
}

class Buckets {
  readonly #width: number
  readonly #number: number
  /** By when they began: only those that had something. */
  readonly #buckets = new Map<number, Bucket>()

  constructor (width: number, number: number) {
    this.#width = width
    this.#number = number
  }

  count (count: Count, now: number): void {
    const at = now - now % this.#width
    let bucket = this.#buckets.get(at)
    if (bucket === undefined) {
      this.#buckets.set(at, bucket = empty(at))
      for (const old of this.#buckets.keys()) if (old <= at - this.#number * this.#width) this.#buckets.delete(old)
    }
    bucket[count]++
  }

  /** Also those that had nothing: the oldest first. */
  last (now: number): Bucket[] {
    const latest = now - now % this.#width
    return Array.from({ length: this.#number }, (_, i) => {
      const at = latest - (this.#number - 1 - i) * this.#width
      return this.#buckets.get(at) ?? empty(at)
    })
  }
}

function empty (at: number): Bucket {
  return { at, accepted: 0, refused: 0, done: 0, retried: 0, dead: 0 }
}
