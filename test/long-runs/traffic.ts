import { setTimeout } from 'node:timers/promises'
import { DeliveriesReader } from '../faults/helpers/deliveries.ts'
import type { HostGroup } from '../faults/helpers/host-group.ts'
import { monotonic } from '../faults/helpers/monotonic.ts'
import { message } from '../helpers/app.ts'
import { Durations } from './figures.ts'

/** So many that the next event of a conversation comes long after the one before was answered. */
const CONVERSATIONS = 2_000
/** Milliseconds between two looks at the clock, and until an event is posted again that was not answered 200. */
const TICK = 2
const AGAIN = 20

/** An event that was posted and is not yet through its listener. */
interface Waiting {
  readonly postedAt: number
  answered: boolean
}

/** Messages at a fixed rate, however long answers take, and what becomes of each. Of what is through, only durations are kept. */
export class Traffic {
  posted = 0
  delivered = 0
  deliveredAgain = 0
  /** Out of order. */
  readonly problems: string[] = []
  /** From the post to the answer, and to the end of the listener. */
  readonly answers = new Durations()
  readonly endToEnd = new Durations()
  onAnswer: (at: number, postedAt: number) => void = () => {}
  onDelivered: (key: string, at: number) => void = () => {}
  readonly waiting = new Map<string, Waiting>()
  readonly #group: HostGroup
  readonly #reader: DeliveriesReader
  readonly #rate: number
  readonly #idle = Array.from({ length: CONVERSATIONS }, (_, i) => `conversation ${i}`)
  readonly #next = new Map<string, number>()
  readonly #expected = new Map<string, number>()
  readonly #stop = new AbortController()
  #sending: Promise<void> | undefined

  constructor (group: HostGroup, rate: number) {
    this.#group = group
    this.#reader = new DeliveriesReader(group.deliveries)
    this.#rate = rate
  }

  start (): void {
    this.#sending = this.#send()
  }

  /** Settles when all that was posted is answered and through, or after some time without any progress. */
  async end (patience: number): Promise<void> {
    this.#stop.abort()
    await this.#sending
    let [left, since] = [this.waiting.size, monotonic()]
    while (this.waiting.size > 0 && monotonic() - since < patience) {
      if (this.waiting.size < left) [left, since] = [this.waiting.size, monotonic()]
      await setTimeout(TICK)
      this.read()
    }
    for (const [key, { answered }] of this.waiting) this.problems.push(`${key} is lost${answered ? '' : ', and was never answered 200'}`)
  }

  async #send (): Promise<void> {
    const startedAt = monotonic()
    while (!this.#stop.signal.aborted) {
      const due = Math.floor((monotonic() - startedAt) * this.#rate / 1_000)
      for (let conversation = this.#takeIf(due); conversation !== undefined; conversation = this.#takeIf(due)) void this.#post(conversation)
      await setTimeout(TICK)
    }
  }

  #takeIf (due: number): string | undefined {
    return this.posted < due ? this.#idle.shift() : undefined
  }

  async #post (conversation: string): Promise<void> {
    const n = this.#next.get(conversation) ?? 0
    this.#next.set(conversation, n + 1)
    this.posted++
    const waiting = { postedAt: monotonic(), answered: false }
    this.waiting.set(`${conversation}: ${n}`, waiting)
    const event = { ...message(conversation), n }
    while (!await this.#isAccepted(event)) await setTimeout(AGAIN)
    waiting.answered = true
    const at = monotonic()
    this.answers.record(at - waiting.postedAt)
    this.onAnswer(at, waiting.postedAt)
    this.#idle.push(conversation)
  }

  /** Each event goes to the next process. */
  async #isAccepted (event: object): Promise<boolean> {
    const { members } = this.#group
    const answer = await members[this.posted % members.length]?.client.post(event).catch(() => undefined) // killed: it is posted again
    return answer?.statusCode === 200
  }

  /** Looks at what listeners have done since. */
  read (): void {
    for (const { what, conversation, n, at } of this.#reader.read()) {
      const key = `${conversation}: ${n}`
      if (what === 'start') this.#begin(conversation, n, key)
      const waiting = this.waiting.get(key)
      if (what !== 'done' || waiting === undefined) continue
      this.waiting.delete(key)
      this.delivered++
      this.endToEnd.record(at - waiting.postedAt)
      this.onDelivered(key, at)
    }
  }

  #begin (conversation: string, n: number, key: string): void {
    const expected = this.#expected.get(conversation) ?? 0
    if (n < expected) this.deliveredAgain++
    else this.#expected.set(conversation, n + 1)
    const earlier = `${conversation}: ${n - 1}`
    if (n > expected || this.waiting.has(earlier)) this.problems.push(`${key} before ${earlier} was through`)
  }
}
