import { DatabaseSync } from 'node:sqlite'
import { test } from 'tap'
import type { Test } from 'tap'
import type { UnknownEvent } from '../../../index.ts'
import { job } from '../helpers/client.ts'
import { drained, onOneFile } from '../helpers/inbox.ts'
import { until } from '../helpers/until.ts'

const HOUR = 3_600_000
/** Sooner than a test would be over that waits for an hour, and later than it takes for what is to come in within it. */
const QUIET = { quiet: 1_000, within: 2_000 }

type Job = ReturnType<typeof job>

const numbersOf = (events: readonly UnknownEvent[]) => (events as ReadonlyArray<unknown> as readonly Job[]).map(({ n }) => n) // what is posted here

/** A clock that is real until it is set, and is so again at the end. */
function settable (t: Test): (ahead: number) => void {
  const { now } = Date
  t.teardown(() => { Date.now = now })
  return (ahead) => { Date.now = () => now() + ahead }
}

for (const [how, ahead] of [['back', -HOUR], ['forward', HOUR]] as const) {
  test(`what waits for collectors is handed over in time, and in order, when the clock was set ${how} by an hour meanwhile`, async (t) => {
    const setClock = settable(t)
    const { app } = await onOneFile(t).start()
    const heard: number[] = []
    app.webhooks.collect('event', QUIET, function answer (events) { heard.push(...numbersOf(events)) })
    let id = ''
    for (const n of [0, 1, 2]) id = (await app.webhooks.receive(job('a', n))).id
    await until(async () => (await app.webhooks.inbox.get(id))?.isCollected === true)
    t.same(heard, [])
    setClock(ahead)
    await drained(app) // nothing else is posted
    t.same(heard, [0, 1, 2])
  })
}

test('what waits for collectors is handed over when the clock was set back between two starts', async (t) => {
  const { path, start } = onOneFile(t)
  const before = await start()
  before.app.webhooks.collect('event', QUIET, function answer () { t.fail('too early') })
  const { id } = await before.app.webhooks.receive(job('a', 0))
  await until(async () => (await before.app.webhooks.inbox.get(id))?.isCollected === true)
  await before.app.close()
  const db = new DatabaseSync(path)
  db.exec(`UPDATE events SET received = received + ${HOUR}, due = due + ${HOUR}; UPDATE lanes SET due = due + ${HOUR}; UPDATE totals SET received = received + ${HOUR}`)
  db.close()
  const { app } = await start()
  const heard: number[] = []
  app.webhooks.collect('event', QUIET, function answer (events) { heard.push(...numbersOf(events)) })
  await drained(app)
  t.same(heard, [0])
})

test('with a clock that is set again and again, each event is collected once, in order', async (t) => {
  const setClock = settable(t)
  const { app } = await onOneFile(t).start()
  const heard = new Map<string, number[]>()
  let heardByListener = 0
  app.webhooks.on('event', async () => {
    heardByListener++
    setClock(Math.round((Math.random() - 0.5) * HOUR))
  })
  app.webhooks.collect('event', { quiet: 100, within: 200, most: 5 }, async function answer (events, { attempt }) {
    const [{ conversation: { id } }] = events as ReadonlyArray<unknown> as readonly [Job] // what is posted here
    if (attempt === 1 && Math.random() < 0.2) throw new Error('not yet')
    heard.set(id, [...heard.get(id) ?? [], ...numbersOf(events)])
  })
  const numbers = Array.from({ length: 30 }, (_, n) => n)
  const conversations = ['a', 'b', 'c', 'd']
  for (const n of numbers) await Promise.all(conversations.map(async (conversation) => await app.webhooks.receive(job(conversation, n))))
  await until(() => heardByListener === numbers.length * conversations.length)
  setClock(HOUR) // what has failed is tried again by that clock
  await drained(app)
  for (const conversation of conversations) t.same(heard.get(conversation), numbers)
})
