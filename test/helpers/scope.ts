import type { Test } from 'tap'

/** Where something is made that has to go in the end: a test, or a command that uses what tests use. */
export type Scope = Pick<Test, 'teardown'>
