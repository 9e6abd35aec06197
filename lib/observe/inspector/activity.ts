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

  /** A burst is as many as it has events. What waits for collectors is counted once these have had it. */
  delivered ({ outcome, ids }: Pick<DeliveryMessage, 'outcome' | 'ids'>, now = Date.now()): void {
    if (outcome === 'retry') this.#count('retried', now, ids.length)
    else if (outcome === 'dead') this.#count('dead', now, ids.length)
    else if (outcome !== 'abandoned' && outcome !== 'collected') this.#count('done', now, ids.length)
  }

  counts (now = Date.now()): Counts {
    return { since: this.#since, hour: this.#hour.last(now), day: this.#day.last(now) }
  }

  #count (count: Count, now: number, number = 1): void {
    this.#hour.count(count, now, number)
    this.#day.count(count, now, number)
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

  count (count: Count, now: number, number: number): void {
    const at = now - now % this.#width
    let bucket = this.#buckets.get(at)
    if (bucket === undefined) {
      this.#buckets.set(at, bucket = empty(at))
      for (const old of this.#buckets.keys()) if (old <= at - this.#number * this.#width) this.#buckets.delete(old)
    }
    bucket[count] += number
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
