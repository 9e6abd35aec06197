import { createHistogram } from 'node:perf_hooks'
import { oneRouteBody } from '../bodies.ts'
import type { NewMessage } from '../servers/new-message.ts'
import type { Order } from './figures.ts'
import type { Queue } from './queue.ts'
import { numberIn } from './record.ts'

export interface FlowLoad {
  conversations: number
  /** After so many no more are added. Without it there is no end. */
  events?: number
}

/** How it has gone since it began. */
export interface FlowState extends Order {
  handled: number
  /** Milliseconds. */
  wall: number
  /** Of the time from adding an event to its listener, the 95th percentile, in milliseconds. */
  p95: number
}

/** Events on their way in at a time. */
const IN_FLIGHT = 64
/** While so many are added and not delivered, no more are added: what a queue does not keep up with must not grow without end. */
const MOST_WAITING = 5_000

/** Events that are added and delivered at the same time, as fast as the queue can. Of one that was handled it keeps nothing. */
export class Flow {
  readonly #load: Required<FlowLoad>
  readonly #startedAt = performance.now()
  readonly #addedAt = new Map<number, number>()
  readonly #latest = new Map<string, number>()
  readonly #waits = createHistogram()
  #blocked: Array<() => void> = []
  #added = 0
  #handled = 0
  #overtaken = 0
  #twice = 0

  constructor ({ conversations, events = Infinity }: FlowLoad) {
    this.#load = { conversations, events }
  }

  /** Settles when all are added. */
  async add (queue: Queue) {
    const senders = queue.takesBatches ? 1 : IN_FLIGHT
    await Promise.all(Array.from({ length: senders }, () => this.#send(queue, IN_FLIGHT / senders)))
  }

  async #send (queue: Queue, atOnce: number) {
    while (this.#added < this.#load.events) {
      if (this.#addedAt.size >= MOST_WAITING) await this.#room()
      else await queue.add(this.#next(Math.min(atOnce, this.#load.events - this.#added)))
    }
  }

  #room () {
    return new Promise<void>((resolve) => { this.#blocked.push(resolve) })
  }

  #next (length: number) {
    const now = performance.now()
    this.#added += length
    return Array.from({ length }, () => {
      const { number, body } = oneRouteBody(this.#load.conversations)
      this.#addedAt.set(number, now)
      return body
    })
  }

  handle ({ message, conversation }: NewMessage) {
    const number = numberIn(message)
    const at = this.#addedAt.get(number)
    if (at === undefined) {
      this.#twice++
      return
    }
    this.#addedAt.delete(number)
    this.#handled++
    this.#waits.record(microseconds(performance.now() - at))
    if (number < (this.#latest.get(conversation.id) ?? 0)) this.#overtaken++
    else this.#latest.set(conversation.id, number)
    if (this.#addedAt.size < MOST_WAITING) this.#resume()
  }

  #resume () {
    const blocked = this.#blocked
    this.#blocked = []
    for (const resume of blocked) resume()
  }

  get state (): FlowState {
    return {
      handled: this.#handled,
      wall: performance.now() - this.#startedAt,
      p95: this.#waits.percentile(95) / 1_000,
      overtaken: this.#overtaken,
      twice: this.#twice
    }
  }
}

/** As a histogram takes them: whole numbers from 1 on. */
function microseconds (milliseconds: number) {
  return Math.max(1, Math.round(milliseconds * 1_000))
}
