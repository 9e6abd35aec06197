import type { InboxName } from '../kinds.ts'
import type { Invariant } from '../world.ts'

/** A change of one file. */
export interface Patch {
  readonly file: string
  /** Has to be there once. */
  readonly from: string
  readonly to: string
}

/** A fault that could really be made, and which invariant it violates. */
export interface Variant extends Patch {
  readonly name: string
  readonly inbox: InboxName
  readonly violates: Invariant
  /** Where the search begins: what is found late, in some hundred schedules, would take a test too long. @default 1 */
  readonly seed?: number
}

const dispatcher = 'lib/deliver/dispatcher.ts'
const groupCommit = 'lib/inbox/sqlite/group-commit.ts'
const memory = 'lib/inbox/memory/inbox.ts'

export const variants: readonly Variant[] = [
  {
    name: 'an event is answered before the transaction that stores it has ended',
    inbox: 'sqlite',
    violates: 'nothing-lost',
    file: 'lib/inbox/sqlite/adds.ts',
    from: 'this.#waiting.push({ event, lane: wellFormed(event.lane), resolve, reject })',
    to: "this.#waiting.push({ event, lane: wellFormed(event.lane), resolve, reject }); resolve('accepted')"
  },
  {
    name: 'an event is done although one of its listeners has failed',
    inbox: 'sqlite',
    violates: 'nothing-lost',
    file: 'lib/deliver/failures.ts',
    from: '.filter((key) => !failed.has(key))',
    to: ''
  },
  {
    name: 'an event that is to be tried again is stored as done',
    inbox: 'sqlite',
    violates: 'nothing-lost',
    file: 'lib/inbox/sqlite/settlement.ts',
    from: "if (outcome.state === 'done' && attempt === 1 && outcome.delivery === undefined)",
    to: "if (outcome.state === 'done' || outcome.state === 'pending')"
  },
  {
    name: 'the next event of a lane is delivered although the one before is to be tried again',
    inbox: 'sqlite',
    violates: 'order',
    file: dispatcher,
    from: 'if (outcome === undefined || isToBeTriedAgain(outcome)) this.#settlements',
    to: 'if (outcome === undefined) this.#settlements'
  },
  {
    name: 'a lane in memory is claimed again while it is being delivered',
    inbox: 'sqlite',
    violates: 'order',
    file: 'lib/inbox/sqlite/deliveries.ts',
    from: '    lane.waiting.push(event)\n',
    to: '    lane.waiting.push(event)\n    if (lane.isClaimed) this.#ready.push(lane)\n'
  },
  {
    name: 'a lane of the memory inbox is given to the next event before this one has ended',
    inbox: 'memory',
    violates: 'order',
    file: memory,
    from: 'else lane.push(entry)',
    to: 'else this.#begin(new Lane(entry))'
  },
  {
    name: 'a thread that starts again is not told which lanes memory has',
    inbox: 'sqlite',
    seed: 840,
    violates: 'repeats',
    file: groupCommit,
    from: 'held: () => this.#deliveries.names(),',
    to: 'held: () => [],'
  },
  {
    name: 'the number of attempts is forgotten',
    inbox: 'sqlite',
    seed: 400,
    violates: 'attempts',
    file: 'lib/inbox/sqlite/settlement.ts',
    from: '    attempts,\n    due: wholeTime(dueAt),',
    to: '    attempts: attempts - 1,\n    due: wholeTime(dueAt),'
  },
  {
    name: 'the last attempt is one more than all',
    inbox: 'sqlite',
    violates: 'attempts',
    file: 'lib/deliver/backoff.ts',
    from: 'attempt >= retry.attempts',
    to: 'attempt > retry.attempts'
  },
  {
    name: 'what became of events is dropped if it could not be stored',
    inbox: 'sqlite',
    violates: 'claims-end',
    file: groupCommit,
    from: '      this.#settlement.putBack(settled)\n',
    to: ''
  },
  {
    name: 'listeners that have succeeded are called again on a retry',
    inbox: 'sqlite',
    violates: 'repeats',
    file: 'lib/inbox/sqlite/settlement.ts',
    from: 'completed: listenersJson({ completed, refused }),',
    to: 'completed: listenersJson({ completed: [], refused }),'
  },
  {
    name: 'the memory inbox does not remember what was handled',
    inbox: 'memory',
    violates: 'repeats',
    file: memory,
    from: "if (outcome.state === 'done') this.#recent.add(entry.id, entry.receivedAt)",
    to: ''
  },
  {
    name: 'a repeat is taken for a new event',
    inbox: 'sqlite',
    violates: 'repeats',
    file: 'lib/inbox/sqlite/adds.ts',
    from: "resolve(added === Added.duplicate ? 'duplicate' : 'accepted')",
    to: "resolve('accepted')"
  },
  {
    name: 'nothing is claimed when a claim has ended',
    inbox: 'memory',
    violates: 'claims-end',
    file: dispatcher,
    from: 'this.#woken = true // its lane may be due again',
    to: ''
  },
  {
    name: 'what came up during a transaction is not begun after it',
    inbox: 'sqlite',
    violates: 'claims-end',
    file: groupCommit,
    from: '      if (this.#again === undefined || this.#isAwaited) this.#beginSoon()\n',
    to: ''
  },
  {
    name: 'the alarm for the next retry is not set',
    inbox: 'sqlite',
    violates: 'claims-end',
    file: groupCommit,
    from: '      this.#due.set(nextDue)\n      adds.answer(added)',
    to: '      adds.answer(added)'
  },
  {
    name: 'closing does not wait for the end of the thread',
    inbox: 'sqlite',
    violates: 'closing-ends',
    file: 'lib/inbox/sqlite/store-client.ts',
    from: '    await this.#thread.close()\n    if (this.#file',
    to: '    void this.#thread.close()\n    if (this.#file'
  },
  {
    name: 'closing leaves the alarm for the next retry',
    inbox: 'sqlite',
    violates: 'closing-ends',
    file: groupCommit,
    from: '    this.#due.clear()\n',
    to: ''
  },
  {
    name: 'closing does not end when its time is up',
    inbox: 'memory',
    violates: 'closing-ends',
    file: dispatcher,
    from: '    const abandoned = runner.abandon()\n',
    to: '    const abandoned = 0\n'
  },
  {
    name: 'a claim that fails is nobody\'s to catch',
    inbox: 'sqlite',
    violates: 'nothing-uncaught',
    file: dispatcher,
    from: '      this.#claimLater(err)\n    }\n    this.#goOn()',
    to: '      this.#claimLater(err)\n      throw err\n    }\n    this.#goOn()'
  }
]
