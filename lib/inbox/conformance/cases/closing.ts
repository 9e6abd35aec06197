import assert from 'node:assert/strict'
import type { Inbox } from '../../inbox.ts'
import type { Cases } from '../fixture.ts'
import { addAll, claim, done, endOf, newEvent, turns } from '../steps.ts'

/** Answers that an inbox may give around the time when it is closed. */
const ENDS: ReadonlySet<unknown> = new Set(['answered', 'FST_ONEROUTE_CLOSING'])

/** Asks for all that there is to be asked for, at once, and returns how each of it ends. */
function askAll (inbox: Inbox, lane: string): Array<Promise<unknown>> {
  const [event, { id: another }] = [newEvent(lane), newEvent(lane)]
  const asks: Array<() => unknown> = [
    () => inbox.stats(), () => inbox.list(), () => inbox.get(event.id), () => inbox.claim(2), () => inbox.add(event),
    () => inbox.replay([event.id, another]), () => inbox.discard([another]), () => inbox.forget(lane), () => inbox.stats()
  ]
  return asks.map(endOf)
}

/** How an inbox is closed. */
export const closing: Cases = {
  'what is asked around the time when it is closed is answered, or refused for that': async (fixture) => {
    for (const early of [0, 1, 3, 10, 30]) {
      const { inbox } = await fixture.open()
      await addAll(inbox, newEvent('a'), newEvent('b'))
      for (const held of await claim(inbox, 1)) await inbox.settle(held, done(held))
      const asked: Array<Promise<unknown>> = []
      for (let turn = 0; turn < early; turn++) {
        asked.push(...askAll(inbox, `${turn}`))
        await turns()
      }
      const closing = { isOver: false, rounds: 0 }
      void Promise.allSettled([inbox.close()]).then(() => { closing.isOver = true })
      await fixture.until(async () => {
        asked.push(...askAll(inbox, `closing ${++closing.rounds}`))
        await turns()
        return closing.isOver && closing.rounds > 2
      })
      const ends = new Set(await Promise.all(asked))
      assert.deepEqual([...ends].filter((end) => !ENDS.has(end)), [])
    }
  },

  'nothing is added after it was closed, and it can be closed once more': async (fixture) => {
    const { inbox } = await fixture.open()
    await inbox.close()
    await assert.rejects(async () => await inbox.add(newEvent('a')), { code: 'FST_ONEROUTE_CLOSING' })
    await inbox.close()
  }
}

/** Of durable inboxes. */
export const closingDurable: Cases = {
  'replaying, discarding and forgetting many events ends when the inbox is closed': async (fixture) => {
    for (const late of [0, 1, 2, 4, 8]) {
      const { inbox } = await fixture.open({ maxBacklog: 10_000 })
      const events = Array.from({ length: 600 }, () => newEvent('a'))
      await addAll(inbox, ...events)
      const ids = events.map(({ id }) => id)
      const asked = [() => inbox.replay(ids), () => inbox.discard(ids.slice(0, 200)), () => inbox.forget('a')].map(endOf)
      for (let turn = 0; turn < late; turn++) await turns()
      await inbox.close()
      assert.deepEqual((await Promise.all(asked)).filter((end) => !ENDS.has(end)), [])
    }
  }
}
