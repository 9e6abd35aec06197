import { test } from 'tap'
import type { Test } from 'tap'
import type { CollectOptions, Inbox, NewMessage, WebhooksOptions } from '../../../index.ts'
import { until } from '../../faults/helpers/until.ts'
import { createApp, gate, message } from '../../helpers/app.ts'

const HOUR = 3_600_000
/** Soon, and longer than a slow machine takes for what is to come in within it. */
const QUIET = { quiet: 1_000, within: 60_000 }

async function open (t: Test, inbox: Inbox, options: WebhooksOptions = {}) {
  const { app, lines } = await createApp(t, { inbox, ...options })
  const bursts: string[][] = []
  return {
    app,
    lines,
    bursts,
    collect: (options: CollectOptions, act: () => unknown = () => {}) => app.webhooks.collect('newMessage', options, async function answer (events) {
      bursts.push(events.map(({ message: { content } }) => String(content)))
      await act()
    }),
    send: async (...texts: string[]): Promise<string[]> => {
      await app.ready()
      const ids: string[] = []
      for (const text of texts) ids.push((await app.webhooks.receive(message(text.charAt(0), text))).id)
      return ids
    },
    stored: async (id = '') => await app.webhooks.inbox.get(id),
    through: async () => { await until(async () => (await app.webhooks.inbox.stats()).pending === 0) }
  }
}

const textOf = ({ message: { content } }: NewMessage) => String(content)

/** What is promised of events that collectors alone want, with any durable inbox that puts them where they wait. `create` makes one on a store of that name. */
export function collectingAtOnce (driver: string, create: (t: Test, store: string) => Inbox): void {
  let count = 0
  const test1 = (name: string, run: (t: Test, store: string) => Promise<void>) => {
    const store = `collecting_at_once_${driver}_${++count}`
    test(`${driver}: ${name}`, async (t) => { await run(t, store) })
  }

  test1('an event that collectors alone want waits for them once it is accepted, until its time, and has had no delivery', async (t, store) => {
    const { app, bursts, collect, send, stored, through } = await open(t, create(t, store))
    const remove = collect({ quiet: HOUR, within: HOUR })
    const [first] = await send('a1')
    const dueIn = Number((await stored(first))?.dueAt) - Date.now()
    t.match(await stored(first), { state: 'pending', isCollected: true, isAside: false, attempts: 0, deliveries: [] })
    t.ok(dueIn > HOUR - 60_000 && dueIn <= HOUR + 1_000, `in ${dueIn} ms`)
    t.match(await app.webhooks.inbox.stats(), { pending: 1, failing: 0 })
    t.same((await app.webhooks.inbox.find({ state: 'pending', conversation: 'a' })).ids, [first])
    remove()
    collect(QUIET)
    const [last] = await send('a2')
    await through()
    t.same(bursts.flat(), ['a1', 'a2'], 'also for a collector that has come since')
    t.match(await stored(last), { state: 'done', isCollected: false, attempts: 1 })
  })

  test1('who wants an event is looked at when it comes in: a listener that is added later has what comes in later, and one that is gone does not', async (t, store) => {
    const { app, bursts, collect, send, stored, through } = await open(t, create(t, store))
    const heard: string[] = []
    const hear = (event: NewMessage) => { heard.push(textOf(event)) }
    collect({ quiet: HOUR, within: HOUR, most: 3 })
    await send('a1')
    app.webhooks.on('newMessage', hear)
    const [second] = await send('a2')
    await until(async () => (await stored(second))?.isCollected === true)
    app.webhooks.off('newMessage', hear)
    await send('a3')
    await through()
    t.same([heard, bursts], [['a2'], [['a1', 'a2', 'a3']]])
  })

  test1('what is before it in its conversation reaches the collectors before it', async (t, store) => {
    const { app, bursts, collect, send, stored, through } = await open(t, create(t, store))
    const [begun, atWork] = [gate(), gate()]
    const hear = async () => {
      begun.resolve(undefined)
      await atWork.promise
    }
    app.webhooks.on('newMessage', hear)
    collect(QUIET)
    await send('a1')
    await begun.promise
    app.webhooks.off('newMessage', hear)
    const [second] = await send('a2', 'b1')
    await until(() => bursts.length === 1)
    t.match(await stored(second), { isCollected: false })
    atWork.resolve(undefined)
    await through()
    t.same(bursts.flat(), ['b1', 'a1', 'a2'])
  })

  test1('it can be discarded, forgotten with its conversation, and replayed', async (t, store) => {
    const { app, bursts, collect, send, stored, through } = await open(t, create(t, store))
    const remove = collect({ quiet: HOUR, within: HOUR })
    const [one = '', , three] = await send('a1', 'a2', 'a3', 'b1')
    const { inbox } = app.webhooks
    t.equal(await inbox.discard([one]), 1)
    t.equal(await inbox.forget('a'), 2)
    t.equal(await stored(three), undefined)
    t.match(await inbox.stats(), { pending: 1 })
    remove()
    collect({ quiet: 1 })
    const [again = ''] = await send('a1')
    await until(async () => (await stored(again))?.state === 'done')
    t.equal(await inbox.replay([again]), 1)
    await until(() => bursts.length === 2)
    await send('b2')
    await through()
    t.same(bursts, [['a1'], ['a1'], ['b1'], ['b2']])
  })

  test1('it waits through a restart, and one that comes in then waits behind it', async (t, store) => {
    const first = await open(t, create(t, store))
    first.collect({ quiet: HOUR, within: HOUR })
    await first.send('a1', 'a2')
    await first.app.close()
    const second = await open(t, create(t, store))
    second.collect(QUIET)
    await second.send('a3')
    await second.through()
    t.same([first.bursts, second.bursts.flat()], [[], ['a1', 'a2', 'a3']])
  })

  test1('a process that only receives leaves it to those that deliver who wants it', async (t, store) => {
    const receiver = await open(t, create(t, store), { deliver: false })
    receiver.collect(QUIET)
    const [id] = await receiver.send('a1')
    t.match(await receiver.stored(id), { state: 'pending', isCollected: false })
  })
}
