import { test } from 'tap'
import type { UnknownEvent } from '../../index.ts'
import { gate, turns } from '../helpers/app.ts'
import { job } from './helpers/client.ts'
import { conversationOf, drained, onOneFile } from './helpers/inbox.ts'
import { until } from './helpers/until.ts'

type Job = ReturnType<typeof job>
const numberOf = (event: UnknownEvent) => (event as Job).n // nothing else is posted

/** Notes the numbers of each conversation. */
function notes () {
  const heard = new Map<string, number[]>()
  const note = (event: UnknownEvent) => {
    const name = conversationOf(event)
    const numbers = heard.get(name) ?? []
    heard.set(name, numbers)
    numbers.push(numberOf(event))
  }
  return { heard, note }
}

const LANES = 50
const EACH = 60
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

test('thousands that are replayed while others come in are delivered once more, in order, and so are those', async (t) => {
  const { start } = onOneFile(t)
  const { heard, note } = notes()
  const { app } = await start(async (event) => {
    note(event)
    if (numberOf(event) % 3 === 0) await turns()
  })
  const receive = async (lane: number, n: number) => (await app.webhooks.receive(job(`${lane}`, n))).id
  const ids = (await Promise.all(numbers(0, EACH).flatMap((n) => numbers(0, LANES).map(async (lane) => await receive(lane, n)))))
  await drained(app)
  heard.clear()
  let listed = 0
  const [replayed] = await Promise.all([
    app.webhooks.inbox.replay(ids),
    ...numbers(EACH, 2 * EACH).flatMap((n) => numbers(0, LANES).map(async (lane) => await receive(lane, n))),
    (async () => {
      for (let i = 0; i < 20; i++) listed += (await app.webhooks.inbox.list({ limit: 50 })).length
    })(),
    (async () => {
      for (const id of ids.slice(0, 50)) t.equal((await app.webhooks.inbox.get(id))?.id, id)
    })()
  ])
  await drained(app)
  t.equal(replayed, LANES * EACH)
  t.equal(listed, 1_000)
  for (const [lane, all] of heard) {
    t.same(all.filter((n) => n < EACH), numbers(0, EACH), `${lane}: those that were replayed`)
    t.same(all.filter((n) => n >= EACH), numbers(EACH, 2 * EACH), `${lane}: those that are new`)
  }
  t.equal(heard.size, LANES)
  t.match(await app.webhooks.inbox.stats(), { pending: 0, done: 2 * LANES * EACH, dead: 0 })
})

test('an event that is replayed while its conversation is being delivered comes at the end of it, and is not run beside it', async (t) => {
  const { start } = onOneFile(t)
  const { heard, note } = notes()
  const held = gate()
  let running = 0
  const { app } = await start(async (event) => {
    t.equal(++running, 1, 'one at a time')
    note(event)
    if (numberOf(event) === 1) await held.promise
    running--
  })
  const { id } = await app.webhooks.receive(job('a', 0))
  await drained(app)
  const slow = await app.webhooks.receive(job('a', 1))
  await until(() => running === 1)
  for (const n of [2, 3]) await app.webhooks.receive(job('a', n))
  t.equal(await app.webhooks.inbox.replay([id, slow.id]), 1, 'what is pending is not replayed')
  t.equal(await app.webhooks.inbox.replay([id]), 0, 'nor is it twice')
  await app.webhooks.receive(job('a', 4))
  await turns()
  t.same(heard.get('a'), [0, 1])
  held.resolve(undefined)
  await drained(app)
  t.same(heard.get('a'), [0, 1, 2, 3, 0, 4])
})

test('what is replayed while the app closes is delivered by the next one, and nothing goes on after closing', async (t) => {
  const { start } = onOneFile(t)
  const first = await start(() => {})
  const ids = (await Promise.all(numbers(0, 300).map(async (n) => await first.app.webhooks.receive(job(`${n}`, n))))).map(({ id }) => id)
  await drained(first.app)
  await first.app.close()

  const { inbox, app, lines } = await start()
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = timers()
  const replays: Array<Promise<number>> = []
  const closing = app.close()
  const state = { closed: false }
  // One is under way and the next one waits, whenever it is that the inbox is closed.
  while (!state.closed) {
    const replaying = Promise.resolve(inbox.replay(ids.slice(replays.length % ids.length).slice(0, 1)))
    replaying.catch(() => { state.closed = true })
    replays.push(replaying)
    await new Promise((resolve) => { setImmediate(resolve) })
  }
  await closing
  await turns()
  t.equal(timers(), before, 'no timer')
  t.same(lines.filter(({ level }) => level >= 50), [])
  const replayed = (await Promise.allSettled(replays)).reduce((sum, result) => result.status === 'fulfilled' ? sum + result.value : sum, 0)

  const { heard, note } = notes()
  const last = await start(note)
  await drained(last.app)
  t.equal(heard.size, replayed)
})

test('closing in the middle of anything loses nothing, and delivers nothing twice', async (t) => {
  const { start } = onOneFile(t)
  const { heard, note } = notes()
  const filling = await start()
  await Promise.all(numbers(0, 40).flatMap((n) => numbers(0, 40).map(async (lane) => await filling.app.webhooks.receive(job(`${lane}`, n)))))
  await filling.app.close()
  for (let wait = 0; wait < 12; wait++) {
    const { app } = await start(async (event) => {
      note(event)
      if (numberOf(event) % 5 === 0) await turns()
    }, { concurrency: 1 + wait % 7 })
    for (let i = 0; i < wait * 5; i++) await new Promise((resolve) => { setImmediate(resolve) })
    await app.close()
  }
  const { app } = await start(note)
  await drained(app)
  t.equal(heard.size, 40)
  for (const [lane, all] of heard) t.same(all, numbers(0, 40), lane)
})
