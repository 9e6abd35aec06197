import '../../errors/check-node.ts'
import type { Awaitable, Inbox } from '../inbox.ts'
import { adding, addingToDurable } from './cases/adding.ts'
import { answering } from './cases/answering.ts'
import { claiming } from './cases/claiming.ts'
import { closing, closingDurable } from './cases/closing.ts'
import { collectingAtOnce } from './cases/collecting-at-once.ts'
import { collectingKilled } from './cases/collecting-killed.ts'
import { collectingRetries } from './cases/collecting-retries.ts'
import { collecting } from './cases/collecting.ts'
import { findingTexts } from './cases/finding-texts.ts'
import { finding, findingInDurable } from './cases/finding.ts'
import { invalid, keepingInvalid } from './cases/invalid.ts'
import { killed } from './cases/killed.ts'
import { keepingDeliveries, looking } from './cases/looking.ts'
import { removingRetried } from './cases/removing-retried.ts'
import { removing } from './cases/removing.ts'
import { replaying, replayingMany } from './cases/replaying.ts'
import { retrying } from './cases/retrying.ts'
import { settingAside } from './cases/setting-aside.ts'
import { sharing } from './cases/sharing.ts'
import { surviving } from './cases/surviving.ts'
import { Fixture } from './fixture.ts'
import type { Cases } from './fixture.ts'
import { resolveConformanceOptions } from './options.ts'
import type { ConformanceOptions } from './options.ts'

const anyInbox: Cases = { ...adding, ...claiming, ...invalid, ...looking, ...finding, ...findingTexts, ...replaying, ...removing, ...closing }

const durableInbox: Cases = {
  ...addingToDurable, ...retrying, ...settingAside, ...keepingInvalid, ...keepingDeliveries, ...findingInDurable, ...replayingMany, ...removingRetried, ...closingDurable, ...surviving
}

/** One promise of the contract, for any test framework: `test(name, run)`. */
export interface ConformanceCase {
  /** A sentence. */
  readonly name: string
  /** Rejects if the inbox does not keep the promise. */
  readonly run: () => Promise<void>
}

/**
 * What every inbox has to do, as cases for a test framework:
 *
 *     for (const { name, run } of conformance((store) => myInbox(`${store}.db`))) test(name, run)
 *
 * @param create makes an inbox, not open yet, on the store of this name, which has letters, digits and `_` in it. A new name is an empty
 * store, and the same name again is the same store. An inbox that is not durable has to show the last 10 events that it has finished.
 */
export function conformance (create: (store: string) => Awaitable<Inbox>, options?: ConformanceOptions): ConformanceCase[] {
  const { durable, shared, collects, kill, timeout } = resolveConformanceOptions(options)
  const cases = {
    ...anyInbox,
    ...durable ? durableInbox : answering,
    ...durable && kill !== undefined && killed,
    ...durable && shared && sharing,
    ...durable && collects && { ...collecting, ...collectingRetries, ...collectingAtOnce },
    ...durable && collects && kill !== undefined && collectingKilled
  }
  return Object.entries(cases).map(([name, run]) => ({
    name,
    run: async () => {
      const fixture = new Fixture({ create, durable, kill })
      const end = async (): Promise<void> => { await inTime(fixture.end(), timeout) }
      try {
        await inTime(run(fixture), timeout)
      } catch (error) {
        await Promise.allSettled([end()]) // what went wrong first says more
        throw error
      }
      await end()
    }
  }))
}

async function inTime (doing: Promise<void>, timeout: number): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => { reject(new Error(`It takes longer than ${timeout} ms`)) }, timeout)
  try {
    await Promise.race([doing, promise])
  } finally {
    clearTimeout(timer)
  }
}

export type { ConformanceOptions } from './options.ts'
