import { setImmediate } from 'node:timers/promises'
import { test } from 'tap'
import type { Test } from 'tap'
import type { Inbox, UnknownEvent } from '../../../index.ts'
import { createApp } from '../../helpers/app.ts'
import { job } from './client.ts'
import { drained } from './inbox.ts'
import { until } from './until.ts'

const HOUR = 3_600_000
/** Sooner than a test would be over that waits for an hour, and later than it takes for what is to come in within it. */
export const QUIET = { quiet: 1_000, within: 2_000 }

type Job = ReturnType<typeof job>

export const numbersOf = (events: readonly UnknownEvent[]) => (events as ReadonlyArray<unknown> as readonly Job[]).map(({ n }) => n) // what is posted here

/** A clock that is real until it is set, and is so again at the end. */
function settable (t: Test): (ahead: number) => void {
  const { now } = Date
  t.teardown(() => { Date.now = now })
  return (ahead) => { Date.now = () => now() + ahead }
}

/** What is promised of collectors when the clock of their process is set, with an inbox of that kind. */
export function collectingClocks (driver: string, create: (t: Test) => Inbox): void {
  for (const [how, ahead] of [['back', -HOUR], ['forward', HOUR]] as const) {
    test(`${driver}: what waits for collectors is handed over in time, and in order, when the clock was set ${how} by an hour meanwhile`, async (t) => {
      const setClock = settable(t)
      const { app } = await createApp(t, { inbox: create(t) })
      const heard: number[] = []
      app.webhooks.collect('event', QUIET, function answer (events) { heard.push(...numbersOf(events)) })
      await app.ready()
      let id = ''
      for (const n of [0, 1, 2]) id = (await app.webhooks.receive(job('a', n))).id
      await until(async () => (await app.webhooks.inbox.get(id))?.isCollected === true)
      t.same(heard, [])
      setClock(ahead)
      await drained(app) // nothing else is posted
      t.same(heard, [0, 1, 2])
    })
  }

  test(`${driver}: with a clock that is set again and again, each event is collected once, in order`, async (t) => {
    const setClock = settable(t)
    const { app } = await createApp(t, { inbox: create(t) })
    const heard = new Map<string, number[]>()
    let listened = 0
    app.webhooks.on('event', async () => {
      // Not while somebody else of this turn works out until when something waits.
      await setImmediate()
      setClock(Math.round((Math.random() - 0.5) * HOUR))
      listened++
    })
    app.webhooks.collect('event', { quiet: 100, within: 200, most: 5 }, async function answer (events, { attempt }) {
      const [{ conversation: { id } }] = events as ReadonlyArray<unknown> as readonly [Job] // what is posted here
      if (attempt === 1 && Math.random() < 0.2) throw new Error('not yet')
      heard.set(id, [...heard.get(id) ?? [], ...numbersOf(events)])
    })
    await app.ready()
    const numbers = Array.from({ length: 30 }, (_, n) => n)
    const conversations = ['a', 'b', 'c', 'd']
    for (const n of numbers) await Promise.all(conversations.map(async (conversation) => await app.webhooks.receive(job(conversation, n))))
    await until(() => listened === numbers.length * conversations.length)
    setClock(HOUR) // what has failed is tried again by that clock
    await drained(app)
    for (const conversation of conversations) t.same(heard.get(conversation), numbers)
  })
}
