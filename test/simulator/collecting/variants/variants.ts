import type { Patch, Variant } from '../../variants/variants.ts'

const burst = 'lib/deliver/burst.ts'
const burstOutcome = 'lib/deliver/burst-outcome.ts'
const burstRunner = 'lib/deliver/burst-runner.ts'
const collected = 'lib/deliver/collected.ts'
const waitingBursts = 'lib/deliver/waiting-bursts.ts'
/** What the stores do is in models, which are compared with the real ones. */
const settle = 'test/simulator/postgres/settle.ts'

export const collectVariants: readonly Variant[] = [
  {
    name: 'an event that waits for collectors forgets which listeners have completed it',
    inbox: 'sqlite-collect',
    violates: 'nothing-lost',
    file: collected,
    from: '    completed,\n    // Nobody calls',
    to: '    completed: [],\n    // Nobody calls'
  },
  {
    name: 'success of one collector counts for another',
    inbox: 'sqlite-collect',
    violates: 'nothing-lost',
    file: burstOutcome,
    from: 'run.collector === collector && run.events.includes(event)',
    to: 'run.events.includes(event)'
  },
  {
    name: 'what has come in since a collector was called is taken for what it was called with',
    inbox: 'sqlite-collect',
    seed: 620,
    violates: 'nothing-lost',
    file: burstRunner,
    from: 'burstsOf(waiting).map((burst) => this.#asBefore(burst))',
    to: 'burstsOf(waiting)'
  },
  {
    name: 'an event is done with its listeners, whoever collects it',
    inbox: 'postgres-collect',
    violates: 'nothing-lost',
    file: collected,
    from: 'if (left.length === 0) return outcome',
    to: "if (left.length === 0 || outcome.state === 'done') return outcome"
  },
  {
    name: 'nobody waits for the listeners of an event that is collected',
    inbox: 'sqlite-collect',
    violates: 'order',
    file: 'lib/deliver/attempt-runner.ts',
    from: 'return running === undefined ? ',
    to: 'return running === undefined || attempt.collectors.length > 0 ? '
  },
  {
    name: 'a collector gets two bursts at once',
    inbox: 'sqlite-collect',
    violates: 'order',
    file: burstRunner,
    from: '  return Array.from(events.values(), ({ collector, events }) => ({ ...collector, all: events, ...firstBurst(events, collector.collector) }))',
    to: `  return [...events.values()].flatMap(({ collector, events }) => {
    const first = firstBurst(events, collector.collector)
    const rest = events.slice(first.events.length)
    return [first, ...rest.length > 0 ? [firstBurst(rest, collector.collector)] : []].map((one) => ({ ...collector, all: events, ...one }))
  })`
  },
  {
    name: 'the server records what anybody says of a lane for collectors',
    inbox: 'postgres-collect',
    seed: 50,
    violates: 'order',
    file: settle,
    from: 'row?.holder === holder && row.claim === claim',
    to: "(lane.startsWith('collect:') ? row !== undefined : row?.holder === holder && row.claim === claim)"
  },
  {
    name: 'what collectors alone want waits for them at once, whatever is in its lane',
    inbox: 'sqlite-collect',
    seed: 360,
    violates: 'order',
    file: 'test/simulator/sqlite/model-store.ts',
    from: 'admission !== Admission.invalid && !this.#lanes.lanes.has(lane)',
    to: 'admission !== Admission.invalid'
  },
  {
    name: 'what collectors alone want waits for them at once, whatever memory has of its lane',
    inbox: 'sqlite-collect',
    seed: 1680,
    violates: 'order',
    file: 'lib/inbox/sqlite/adds.ts',
    from: 'collectAfter !== undefined && !admitted.has(lane) && !this.#deliveries.has(lane)',
    to: 'collectAfter !== undefined && !admitted.has(lane)'
  },
  {
    name: 'the server has what collectors alone want wait for them at once, whatever is in its lane',
    inbox: 'postgres-collect',
    seed: 220,
    violates: 'order',
    file: 'test/simulator/postgres/add.ts',
    from: 'lanes.has(lane) || events.slice',
    to: 'events.slice'
  },
  {
    name: 'what a listener wants waits for collectors at once',
    inbox: 'sqlite-collect',
    violates: 'order',
    file: 'lib/deliver/listener-runner.ts',
    from: 'if (listeners.length > 0 || collectors.length === 0) return',
    to: 'if (collectors.length === 0) return'
  },
  {
    name: 'a collector that has succeeded is called again if another has failed',
    inbox: 'sqlite-collect',
    seed: 60,
    violates: 'repeats',
    file: burstOutcome,
    from: "completed: [...event.completed, ...keysOf('done')],",
    to: 'completed: event.completed,'
  },
  {
    name: 'what a collector does after its time is forgotten when another one is through',
    inbox: 'sqlite-collect',
    seed: 2026,
    violates: 'repeats',
    file: 'lib/deliver/attempt.ts',
    from: '{ id }: ClaimedEvent): string {\n',
    to: '{ id }: ClaimedEvent): string {\n  return id\n'
  },
  {
    name: 'the server forgets what collectors have completed',
    inbox: 'postgres-collect',
    violates: 'repeats',
    file: settle,
    from: '  Object.assign(row, { completed, error: stays',
    to: '  Object.assign(row, { error: stays'
  },
  {
    name: 'a burst that has failed has all its attempts again',
    inbox: 'sqlite-collect',
    violates: 'attempts',
    file: burstOutcome,
    from: "state: 'pending', dueAt: retry.dueAt,",
    to: "state: 'pending', collects: true, dueAt: retry.dueAt,"
  },
  {
    name: 'a burst is tried as often as each of its events could be',
    inbox: 'postgres-collect',
    seed: 318,
    violates: 'attempts',
    file: burstRunner,
    from: 'const event = { ...first, attempt, failingFor, completed: NONE,',
    to: 'const event = { ...first, attempt: 1, failingFor, completed: NONE,'
  },
  {
    name: 'a lane for collectors is not woken',
    inbox: 'sqlite-collect',
    violates: 'claims-end',
    file: 'test/simulator/sqlite/model-lanes.ts',
    from: 'if (waits === undefined || (waits.kind',
    to: 'if (waits !== undefined && (waits.kind'
  },
  {
    name: 'a lane for collectors is not woken by the server',
    inbox: 'postgres-collect',
    violates: 'in-time',
    file: settle,
    from: '    const there = tables.lanes.get(lane)\n',
    to: "    const there = tables.lanes.get(lane)\n    if (there === undefined && lane.startsWith('collect:')) continue\n"
  },
  {
    name: 'of a lane for collectors, the suspect stays behind an event that has come in before it',
    inbox: 'sqlite-collect',
    seed: 345,
    violates: 'claims-end',
    file: 'test/simulator/sqlite/model-suspects.ts',
    from: '    this.#moveUp()\n',
    to: ''
  },
  {
    name: 'closing does not wait for collectors',
    inbox: 'sqlite-collect',
    seed: 50,
    violates: 'claims-end',
    file: 'lib/deliver/places.ts',
    from: 'return this.#lanes + this.#bursts === 0',
    to: 'return this.#lanes === 0'
  },
  {
    name: 'bursts are handed over by an app that is closed',
    inbox: 'sqlite-collect',
    seed: 990,
    violates: 'closing-ends',
    file: 'lib/deliver/dispatcher.ts',
    from: 'const collected = this.#mayDeliver(claim) ? this.#parts.runner.collect(claim) : { outcomes: [] }',
    to: 'const collected = this.#parts.runner.collect(claim)'
  },
  {
    name: 'how long a conversation has waited goes for what comes in after all of it was removed',
    inbox: 'sqlite-collect',
    violates: 'bursts',
    seed: 140_004_960,
    file: waitingBursts,
    from: 'events.some(({ seq }) => seq === since?.seq) ? since : undefined',
    to: 'events.length > 0 ? since : undefined'
  },
  {
    name: 'what a collector is at work on since an event was removed goes for a burst of the same event, posted again',
    inbox: 'sqlite-collect',
    violates: 'nothing-lost',
    seed: 140_003_390,
    file: 'lib/deliver/attempt-runner.ts',
    from: '    const work = workOfCollector(key, event)\n',
    to: '    const work = workOfCollector(key, event)\n    if (event.attempt === 1) return undefined\n'
  },
  {
    name: 'what a collector has made of an event after its time goes for the same event when it comes again',
    inbox: 'sqlite-collect',
    seed: 801_000,
    violates: 'nothing-lost',
    file: 'lib/deliver/timed-out-listeners.ts',
    from: '(isRunning(run) || run.works.get(work) === seq)',
    to: 'true'
  },
  {
    name: 'a burst is tried again without its first event',
    inbox: 'sqlite-collect',
    violates: 'bursts',
    file: burstRunner,
    from: '...firstBurst(events, collector.collector) }',
    to: '...firstBurst(events.length > 1 && Number(events[0]?.attempt) > 1 ? events.slice(1) : events, collector.collector) }'
  },
  {
    name: 'a burst has all that waits',
    inbox: 'sqlite-collect',
    violates: 'bursts',
    file: burst,
    from: '(i === most || Math.abs(receivedAt',
    to: '(Math.abs(receivedAt'
  },
  {
    name: 'a burst is handed over before its quiet time is over',
    inbox: 'postgres-collect',
    violates: 'bursts',
    file: waitingBursts,
    from: 'completeAt <= Date.now() || waited',
    to: 'completeAt <= Date.now() + quiet || waited'
  },
  {
    name: 'the lane of what waits for collectors at once is not due',
    inbox: 'postgres-collect',
    violates: 'in-time',
    file: 'test/simulator/postgres/add.ts',
    from: 'head: tables.last, due, holder',
    to: 'head: tables.last, due: due + 1_000_000, holder'
  },
  {
    name: 'what is not complete is looked at again after a long time',
    inbox: 'sqlite-collect',
    violates: 'in-time',
    file: waitingBursts,
    from: 'since?.at)))) : at\n',
    to: 'since?.at)))) : at + 1_000_000\n'
  },
  {
    name: 'an event that is replayed hands over what waits before it',
    inbox: 'postgres-collect',
    seed: 500_080,
    violates: 'bursts',
    file: burst,
    from: '(next.receivedAt > receivedAt || receivedAt > Date.now())',
    to: 'true'
  }
]

/** What only makes events wait for less long, or longer, violates nothing. */
export const harmless: ReadonlyArray<Patch & { readonly name: string }> = [
  {
    name: 'a burst does not wait for what was received before it was complete, and is on its way',
    file: waitingBursts,
    from: '  if (isFollowed && waited < quiet) return false // what was received before may be on its way\n',
    to: ''
  },
  {
    name: 'no process remembers that a burst is full before its time',
    file: waitingBursts,
    from: 'return count >= most ? 0 : Math.min',
    to: 'return Math.min'
  }
]
