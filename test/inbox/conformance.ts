import Fastify from 'fastify'
import { test } from 'tap'
import type { Test } from 'tap'
import type { Inbox, NewEvent } from '../../index.ts'
import { conformance as casesOf } from '../../lib/inbox/conformance/conformance.ts'
import type { ConformanceOptions } from '../../lib/inbox/conformance/conformance.ts'
import { adds, claim, deliverAll, endOf } from '../../lib/inbox/conformance/steps.ts'
import { turns } from '../helpers/app.ts'

export { adds, claim, dead, done } from '../../lib/inbox/conformance/steps.ts'

let count = 0

/** An event whose id can be read. */
export function newEvent (lane: string, more: Partial<NewEvent> = {}): NewEvent {
  const id = more.id ?? `id ${++count}`
  const event = { event: 'newMessage', id }
  return {
    id, name: 'newMessage', lane, state: 'pending', body: Buffer.from(JSON.stringify(event)), event, receivedAt: Date.now(), problems: null, ...more
  }
}

export async function open (t: Test, inbox: Inbox, maxBacklog = 1_000) {
  const woken = { times: 0 }
  await inbox.open({ log: Fastify().log, maxBacklog, wake: () => { woken.times++ } })
  t.teardown(async () => { await inbox.close() })
  return woken
}

/** What every driver keeps to: the suite that is exported, run by tap. */
export function conformance (name: string, create: (store: string) => Inbox, options?: ConformanceOptions): void {
  for (const { name: promise, run } of casesOf(create, options)) testCase(`${name}: ${promise}`, run)
}

/** It throws if the inbox breaks its promise. A test without an assertion of its own would count as skipped in Node's runner. */
function testCase (name: string, run: () => Promise<void>): void {
  test(name, async (t) => {
    await run()
    t.pass('the inbox keeps to it')
  })
}

/** The same in several files, for what takes long: one part of so many. */
export function partOfConformance ([part, parts]: readonly [part: number, parts: number], name: string, create: (store: string) => Inbox, options?: ConformanceOptions): void {
  for (const [i, { name: promise, run }] of casesOf(create, options).entries()) if (i % parts === part - 1) testCase(`${name}: ${promise}`, run)
}

const OF_CLOSING: ReadonlySet<unknown> = new Set(['answered', 'FST_ONEROUTE_CLOSING'])

/** What the durable drivers of this package keep to besides: how much of it they can take at once, and how much they keep. */
export function durableConformance (name: string, create: () => Inbox): void {
  test(`${name}: what takes several transactions, while it is closed, ends after one of them`, async (t) => {
    for (const late of [0, 1, 2, 4, 8]) {
      const inbox = create()
      await open(t, inbox, 10_000)
      const long = Array.from({ length: 3_500 }, () => newEvent('a'))
      await Promise.all(adds(inbox, ...long))
      const asked = [
        endOf(() => inbox.replay(long.map(({ id }) => id))), endOf(() => inbox.discard(long.slice(0, 1_200).map(({ id }) => id))), endOf(() => inbox.forget('a'))
      ]
      for (let turn = 0; turn < late; turn++) await turns()
      await inbox.close()
      t.same((await Promise.all(asked)).filter((end) => !OF_CLOSING.has(end)), [], `after ${late} turns`)
    }
  })

  test(`${name}: of very many deliveries the last 16 KiB are kept, with their errors shortened`, async (t) => {
    const inbox = create()
    await open(t, inbox)
    await Promise.all(adds(inbox, newEvent('a', { id: 'a1' })))
    for (let attempt = 1; attempt <= 30; attempt++) {
      const [held] = await claim(inbox)
      const seq = held?.events[0]?.seq ?? 0
      const delivery = { attempt, startedAt: new Date(), duration: 1, completed: [], failures: [{ listener: 'long', duration: 1, error: 'x'.repeat(2_000) }] }
      if (held !== undefined) await inbox.settle(held, [{ seq, state: 'pending', dueAt: 0, completed: [], error: null, delivery }])
    }
    const deliveries = (await inbox.get('a1'))?.deliveries ?? []
    t.ok(deliveries.length > 5 && deliveries.length < 30, `${deliveries.length} are kept`)
    t.same(deliveries.map(({ attempt }) => attempt), Array.from({ length: deliveries.length }, (_, i) => 31 - deliveries.length + i))
    t.equal(deliveries[0]?.failures[0]?.error.length, 1_001, 'shortened')
  })

  test(`${name}: a lane of more than a thousand events is forgotten beside what is added to others`, async (t) => {
    const inbox = create()
    await open(t, inbox, 10_000)
    const long = Array.from({ length: 2_500 }, (_, i) => newEvent(i % 2 === 0 ? 'long' : `short ${i}`))
    await Promise.all(adds(inbox, ...long))
    const forgetting = Promise.resolve(inbox.forget('long'))
    t.same(await Promise.all(adds(inbox, newEvent('c'), newEvent('d'))), ['accepted', 'accepted'])
    t.equal(await forgetting, 1_250)
    t.match(await inbox.stats(), { pending: 1_252 })
    const delivered = await deliverAll(inbox)
    t.equal(delivered.length, 1_252)
    t.notOk(delivered.some((event) => event.startsWith('long')))
  })
}
