import { test } from 'tap'
import type { Test } from 'tap'
import { memoryInbox } from '../../index.ts'
import type { Inbox } from '../../index.ts'
import { createApp, message, turns } from '../helpers/app.ts'
import { ModelInbox } from '../helpers/model-inbox.ts'

const SLICE = 10
const LISTENER = 2

function block (milliseconds: number): void {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

/** How many events were delivered between two turns of the event loop, at most. */
async function mostInOneTurn (t: Test, inbox: Inbox, listener: () => unknown, events: number): Promise<number> {
  const { app } = await createApp(t, { inbox })
  let [calls, since, most] = [0, 0, 0]
  app.webhooks.on('newMessage', () => {
    calls++
    most = Math.max(most, ++since)
    return listener()
  })
  let isOver = false
  const count = () => {
    since = 0
    if (!isOver) setImmediate(count)
  }
  const received = Promise.all(Array.from({ length: events }, async (_, i) => await app.webhooks.receive(message(`conversation ${i % 50}`))))
  count()
  await received
  while ((await inbox.stats()).pending > 0) await turns()
  isOver = true
  t.equal(calls, events)
  return most
}

for (const [name, create] of [['memoryInbox', memoryInbox], ['a durable inbox', () => new ModelInbox()]] as const) {
  for (const [what, listener] of [['synchronous', () => { block(LISTENER) }], ['asynchronous and waits for nothing', async () => { block(LISTENER) }], ['asynchronous, and busy a moment later', async () => { await Promise.resolve(); block(LISTENER) }]] as const) {
    test(`${name}: a listener that is ${what} leaves the event loop its turn, however many events there are`, async (t) => {
      const most = await mostInOneTurn(t, create(), listener, 100)
      // Each call takes two milliseconds at least: six would be more than a turn has.
      t.ok(most <= SLICE / LISTENER, `${most} in one turn`)
    })
  }
}

test('quick listeners are not kept waiting: many events share a turn', async (t) => {
  t.ok(await mostInOneTurn(t, new ModelInbox(), () => {}, 100) > 5)
})
