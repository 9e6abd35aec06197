/** A file whose mutants are made, and the test files that are to notice. */
export interface Target {
  readonly file: string
  readonly why: string
  readonly tests: readonly string[]
  /** Whether its tests need a PostgreSQL. */
  readonly postgres?: true
}

const DELIVERY = ['test/deliver/delivery.test.ts', 'test/deliver/retry.test.ts', 'test/deliver/thrown.test.ts', 'test/behaviours/closing.test.ts', 'test/behaviours/durable.test.ts', 'test/observe/channels.test.ts']

/** The core, by what a fault in it would cost. */
export const targets: readonly Target[] = [
  {
    file: 'lib/receive/signature/hmac.ts',
    why: 'a fault lets in forged events, or refuses real ones',
    tests: ['test/receive/signature/hints.test.ts', 'test/receive/signature/signed-bytes.test.ts', 'test/receive/signature/signature.test.ts']
  },
  {
    file: 'lib/deliver/dispatcher.ts',
    why: 'decides what is delivered when: a fault stops delivery, or closing',
    tests: [...DELIVERY, 'test/behaviours/event-loop.test.ts']
  },
  {
    file: 'lib/deliver/listener-runner.ts',
    why: 'decides which listeners run: a fault calls one twice, or never',
    tests: [...DELIVERY, 'test/behaviours/invalid.test.ts']
  },
  {
    file: 'lib/deliver/failures.ts',
    why: 'decides what is tried again, and what is told of it',
    tests: DELIVERY
  },
  {
    file: 'lib/deliver/backoff.ts',
    why: 'decides when an event is tried again, when it leaves its lane, and when it is dead',
    tests: ['test/deliver/retry.test.ts']
  },
  {
    file: 'lib/deliver/listeners.ts',
    why: 'knows listeners by their names: a fault skips one that has failed',
    tests: DELIVERY
  }
]
