import { BacklogFullError } from '../../errors/errors.ts'
import type { Claim, ClaimedEvent, Outcome } from '../inbox.ts'
import { leavesLane } from '../sql/aside.ts'
import { lineOf } from '../sql/delivery-records.ts'
import { DAMAGED, listenersJson } from '../sql/rows.ts'
import type { TakenEvent } from '../sql/rows.ts'
import { textOrNull, wholeTime } from '../sql/well-formed.ts'
import { pack } from './adds.ts'
import type { PendingAdd } from './adds.ts'
import type { Deliveries } from './deliveries.ts'
import type { Call, Failed, GivenBack, Results, Work } from './messages.ts'

/** Bytes of bodies that may wait for a disk that is slow or stands still. */
const MOST_BYTES = 67_108_864

interface PendingCall {
  readonly call: Call
  readonly resolve: (result: Results[keyof Results]) => void
  readonly reject: (error: unknown) => void
}

/** What is in one transaction, and who waits for it. */
export interface Batch {
  readonly work: Work
  readonly adds: readonly PendingAdd[]
  readonly calls: readonly PendingCall[]
}

/** Everything that came up since the transaction under way began: it is the next one. */
export class TransactionQueue {
  #adds: PendingAdd[] = []
  #bytes = 0
  #calls: PendingCall[] = []
  #done: number[] = []
  #failed: Failed[] = []
  #givenBack: GivenBack[] = []

  /** Whether there is anything that must be written for those who do not wait for it. */
  get isUnsettled (): boolean {
    return this.#done.length + this.#failed.length + this.#givenBack.length > 0
  }

  /** How many events wait to be stored. */
  get size (): number {
    return this.#adds.length
  }

  /** Whether somebody waits for the next transaction. */
  get isAwaited (): boolean {
    return this.#adds.length + this.#calls.length > 0
  }

  get isEmpty (): boolean {
    return !this.isUnsettled && !this.isAwaited
  }

  add (pending: PendingAdd): void {
    this.#bytes += pending.event.body.length
    if (this.#bytes > MOST_BYTES) {
      this.#bytes -= pending.event.body.length
      throw new BacklogFullError()
    }
    this.#adds.push(pending)
  }

  /** `apply` is called with the result when it is known, in the order of the calls. */
  async call<Method extends Call['method']> (call: Extract<Call, { method: Method }>, apply?: (result: Results[Method]) => void): Promise<Results[Method]> {
    return await new Promise((resolve, reject) => {
      const take = (result: Results[Method]) => {
        apply?.(result)
        resolve(result)
      }
      // The store answers each call with its method's result.
      this.#calls.push({ call, resolve: take as PendingCall['resolve'], reject })
    })
  }

  settle ({ lane, events }: Claim, outcomes: readonly Outcome[]): void {
    for (const [i, outcome] of outcomes.entries()) {
      const event = events[i]
      if (event !== undefined) this.#settle(lane, event, outcome)
    }
  }

  /** An event that cannot be delivered at all. */
  giveUp ({ seq, attempts }: TakenEvent): void {
    this.#failed.push({ seq, state: 'dead', attempts, due: null, completed: null, error: DAMAGED, delivery: '' })
  }

  giveBack (lanes: readonly GivenBack[]): void {
    this.#givenBack.push(...lanes)
  }

  /** Ends what is collected. To be asked for when all that the store has answered is known to `lanes`. */
  next (lanes: Deliveries): Batch {
    this.giveBack(lanes.giveBack())
    const work: Work = {
      kind: 'work',
      now: Date.now(),
      done: this.#done,
      failed: this.#failed,
      givenBack: this.#givenBack,
      adds: pack(this.#adds, this.#bytes, lanes),
      calls: this.#calls.map(({ call }) => call)
    }
    const batch = { work, adds: this.#adds, calls: this.#calls }
    this.#adds = []
    this.#bytes = 0
    this.#calls = []
    this.#done = []
    this.#failed = []
    this.#givenBack = []
    return batch
  }

  /** Writing it has failed: whoever waits is told, and what nobody waits for is written next time. */
  putBack ({ work, adds, calls }: Batch, error: unknown): void {
    this.#done = work.done.concat(this.#done)
    this.#failed = work.failed.concat(this.#failed)
    this.#givenBack = work.givenBack.concat(this.#givenBack)
    for (const { reject } of [...adds, ...calls]) reject(error)
  }

  /** Tells whoever waits for a transaction that there will be none. */
  reject (error: unknown): void {
    for (const { reject } of [...this.#adds, ...this.#calls]) reject(error)
    this.#adds = []
    this.#bytes = 0
    this.#calls = []
  }

  #settle (lane: string, { seq, id, attempt }: ClaimedEvent, outcome: Outcome): void {
    if (outcome.state === 'done' && attempt === 1 && outcome.delivery === undefined) this.#done.push(seq)
    else this.#failed.push({ ...failedOf(seq, attempt, outcome), leaves: leavesLane(lane, id, outcome) })
  }
}

function failedOf (seq: number, attempts: number, { state, dueAt, completed, refused, aside, error, delivery }: Outcome): Failed {
  return {
    seq,
    state,
    attempts,
    due: wholeTime(dueAt),
    completed: listenersJson({ completed, refused }),
    error: textOrNull(error),
    aside,
    delivery: delivery === undefined ? '' : lineOf(delivery)
  }
}
