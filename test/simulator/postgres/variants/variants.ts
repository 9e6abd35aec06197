import type { Variant } from '../../variants/variants.ts'

const changes = 'test/simulator/postgres/changes.ts'
const adds = 'lib/inbox/postgres/adds.ts'
const deliveries = 'lib/inbox/postgres/deliveries.ts'
const leases = 'lib/inbox/postgres/leases.ts'
const notifications = 'lib/inbox/postgres/notifications.ts'
/** What the server does is in a model, which is compared with the real one. */
const settle = 'test/simulator/postgres/settle.ts'

export const postgresVariants: readonly Variant[] = [
  {
    name: 'a repeat is taken for a new event',
    inbox: 'postgres',
    violates: 'repeats',
    file: adds,
    from: "added.has(seq) ? 'accepted' : 'duplicate'",
    to: "'accepted'"
  },
  {
    name: 'the server records what anybody says of a lane',
    inbox: 'postgres',
    seed: 122,
    violates: 'order',
    file: settle,
    from: 'row?.holder === holder && row.claim === claim',
    to: 'row !== undefined'
  },
  {
    name: 'a lease is not renewed',
    inbox: 'postgres',
    seed: 137,
    violates: 'claims-end',
    file: leases,
    from: 'if (this.#renewing !== undefined || this.#held.size === 0) return',
    to: 'return'
  },
  {
    name: 'events are delivered although the lease has run out',
    inbox: 'postgres',
    seed: 28,
    violates: 'order',
    file: 'lib/deliver/dispatcher.ts',
    from: 'return isHeld && !this.#stopped',
    to: 'return !this.#stopped'
  },
  {
    name: 'a listener is called while it is at work, by a process that has lost a lease and got the lane again',
    inbox: 'postgres',
    seed: 2_000,
    violates: 'order',
    file: 'lib/deliver/attempt-runner.ts',
    from: 'const earlier = late?.result ?? this.#running.get(work, listener)',
    to: 'const earlier = late?.result'
  },
  {
    name: 'of events that come in together, the last is stored first',
    inbox: 'postgres',
    seed: 58,
    violates: 'order',
    file: adds,
    from: 'this.#waiting.push({ event, resolve, reject })',
    to: 'this.#waiting.unshift({ event, resolve, reject })'
  },
  {
    name: 'a claim whose answer was lost is not given back',
    inbox: 'postgres',
    seed: 44,
    violates: 'claims-end',
    file: deliveries,
    from: '    await this.#leases.releaseAbandoned()\n    const until',
    to: '    const until'
  },
  {
    name: 'a turn is run again if its connection was cut',
    inbox: 'postgres',
    seed: 123,
    violates: 'claims-end',
    file: deliveries,
    from: '{ unlessCut: true, onLate }',
    to: '{ onLate }'
  },
  {
    name: 'what could not be recorded is dropped',
    inbox: 'postgres',
    seed: 14,
    violates: 'claims-end',
    file: deliveries,
    from: 'this.#settlements = [...settlements, ...this.#settlements]',
    to: ''
  },
  {
    name: 'closing does not give claims back',
    inbox: 'postgres',
    seed: 101,
    violates: 'closing-ends',
    file: deliveries,
    from: 'while (goesWell && this.#settlements.length > 0) goesWell = await this.#turn()',
    to: 'goesWell = this.#settlements.length === 0'
  },
  {
    name: 'closing leaves the timer that looks for events',
    inbox: 'postgres',
    violates: 'closing-ends',
    file: notifications,
    from: '    clearInterval(this.#poll)\n',
    to: ''
  },
  {
    name: 'nobody looks for events of which no notification came',
    inbox: 'postgres',
    seed: 21,
    violates: 'claims-end',
    file: notifications,
    from: 'setInterval(this.#parts.wake, POLL_EVERY)',
    to: 'setInterval(() => {}, POLL_EVERY)'
  },
  {
    name: 'an event is answered before it is committed',
    inbox: 'postgres',
    seed: 18,
    violates: 'nothing-lost',
    file: adds,
    from: 'this.#waiting.push({ event, resolve, reject })',
    to: "this.#waiting.push({ event, resolve, reject }); resolve('accepted')"
  },
  {
    name: 'an event that is to be tried again is stored as dead',
    inbox: 'postgres',
    violates: 'nothing-lost',
    file: 'lib/inbox/postgres/settlement.ts',
    from: 'state: State[state],',
    to: "state: State[state === 'pending' ? 'dead' : state],"
  },
  {
    name: 'listeners that have succeeded are called again on a retry',
    inbox: 'postgres',
    seed: 24,
    violates: 'repeats',
    file: 'lib/inbox/postgres/settlement.ts',
    from: 'completed: listenersJson({ completed, refused }),',
    to: 'completed: listenersJson({ completed: [], refused }),'
  },
  {
    name: 'the number of attempts is forgotten',
    inbox: 'postgres',
    seed: 124,
    violates: 'attempts',
    file: 'lib/inbox/postgres/claim-rows.ts',
    from: 'attempts: Number(row.attempts),',
    to: 'attempts: 0,'
  },
  {
    name: 'a listener completes an event whose lane another process has',
    inbox: 'postgres-complete-in',
    seed: 30,
    violates: 'exactly-once',
    file: changes,
    from: 'row?.holder !== holder || row.claim !== claim || event === undefined',
    to: 'event === undefined'
  },
  {
    name: 'of two transactions that complete the same, both are committed',
    inbox: 'postgres-complete-in',
    seed: 3990,
    violates: 'exactly-once',
    file: changes,
    from: 'if (completions.get(born)?.has(listener) === true) throw new Error(LOST)',
    to: ''
  },
  {
    name: 'a lane is taken over while a transaction that has completed an event of it is open',
    inbox: 'postgres-complete-in',
    seed: 650,
    violates: 'exactly-once',
    file: 'test/simulator/postgres/claim.ts',
    from: 'return !tables.isLocked(lane)',
    to: 'return true'
  },
  {
    name: 'a claim does not say which listeners are through, for a transaction has said so',
    inbox: 'postgres-complete-in',
    seed: 18,
    violates: 'exactly-once',
    file: 'lib/inbox/sql/rows.ts',
    from: '...withNoted(listenersIn(completed), noted),',
    to: '...listenersIn(completed),'
  },
  {
    name: 'a replay for all listeners leaves out those that are through',
    inbox: 'postgres-complete-in',
    seed: 13,
    violates: 'exactly-once',
    file: changes,
    from: 'if (all || old.state !== State.dead) tables.completions.delete(event.born)',
    to: ''
  },
  {
    name: 'a replay of a dead event calls all its listeners',
    inbox: 'postgres-complete-in',
    seed: 100,
    violates: 'exactly-once',
    file: changes,
    from: 'if (all || old.state !== State.dead) tables.completions.delete(event.born)',
    to: 'tables.completions.delete(event.born)'
  },
  {
    name: 'a listener is through with all events of an id, also with one that was posted after the first was removed',
    inbox: 'postgres-complete-in',
    seed: 2_100,
    violates: 'exactly-once',
    file: 'test/simulator/postgres/add.ts',
    from: 'born: seq',
    to: 'born: parseInt(id.slice(0, 8), 16)'
  },
  {
    name: 'a listener does not learn that it was refused, and commits what was rolled back',
    inbox: 'postgres-complete-in',
    seed: 1365,
    violates: 'exactly-once',
    file: 'lib/webhooks/completing-context.ts',
    from: 'throw statement.refusalOf(thrown) ?? thrown',
    to: 'return true'
  }
]
