/** A file whose mutants are made, and the test files that are to notice. */
export interface Target {
  readonly file: string
  readonly why: string
  readonly tests: readonly string[]
}

/**
 * The core, by what a fault in it would cost. The tests are the ones that run the file and are quick: what they leave alive, no other test
 * has a say in.
 */
export const targets: readonly Target[] = [
  {
    file: 'lib/receive/signature/hmac.ts',
    why: 'a fault lets in forged events, or refuses real ones',
    tests: ['test/receive/signature/hmac.test.ts']
  },
  {
    file: 'lib/deliver/dispatcher.ts',
    why: 'takes lanes from the inbox: a fault stops delivery, loses order, or holds up closing',
    tests: ['test/deliver/dispatcher.test.ts', 'test/behaviours/closing.test.ts']
  },
  {
    file: 'lib/deliver/attempt-runner.ts',
    why: 'calls listeners: a fault calls one twice, or never, or says done of what failed',
    tests: ['test/deliver/listener-runner.test.ts', 'test/deliver/delivery.test.ts', 'test/deliver/completion.test.ts', 'test/deliver/bursts.test.ts', 'test/deliver/late-bursts.test.ts', 'test/deliver/retry.test.ts']
  },
  {
    file: 'lib/deliver/failures.ts',
    why: 'decides what becomes of an event that failed, and what is told of it: a fault makes a failure silent',
    tests: ['test/deliver/listener-runner.test.ts', 'test/deliver/retry.test.ts']
  },
  {
    file: 'lib/deliver/backoff.ts',
    why: 'decides when an event is tried again, when it leaves its lane, and when it is dead',
    tests: ['test/deliver/backoff.test.ts']
  },
  {
    file: 'lib/deliver/listeners.ts',
    why: 'recognises listeners on a retry: a fault skips one that has failed, or calls one that has succeeded',
    tests: ['test/deliver/listeners.test.ts']
  },
  {
    file: 'lib/inbox/sqlite/deliveries.ts',
    why: 'has the lanes that are delivered from memory: a fault loses an event until the next start, or its place',
    tests: ['test/inbox/sqlite/deliveries.test.ts']
  },
  {
    file: 'lib/inbox/sqlite/settlement.ts',
    why: 'writes what became of events to the SQLite file: a fault delivers one again, or never',
    tests: ['test/inbox/sqlite/settlement.test.ts']
  },
  {
    file: 'lib/inbox/postgres/settlement.ts',
    why: 'writes the same to PostgreSQL, and decides when a lane is through: a fault leaves what came in meanwhile',
    tests: ['test/inbox/postgres/settlement.test.ts']
  },
  {
    file: 'lib/inbox/postgres/leases.ts',
    why: 'keeps other processes away from what is delivered here: a fault delivers an event in two of them',
    tests: ['test/inbox/postgres/leases-in-memory.test.ts']
  }
]
