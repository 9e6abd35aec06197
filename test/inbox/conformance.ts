import { isDeepStrictEqual } from 'node:util'
import Fastify from 'fastify'
import { test } from 'tap'
import type { Test } from 'tap'
import type { Claim, DeliveryRecord, Inbox, NewEvent, Outcome } from '../../index.ts'
import { turns } from '../helpers/app.ts'

let count = 0

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

/** Adds without waiting: an inbox in memory does not answer before the event is settled. */
export function adds (inbox: Inbox, ...events: NewEvent[]): Array<Promise<string>> {
  return events.map(async (event) => await inbox.add(event))
}

/** What was added has reached the inbox: one that is durable does what it is asked in the order in which it was. */
async function seen (inbox: Inbox): Promise<void> {
  if (inbox.durable) await inbox.stats()
  await turns()
}

export async function claim (inbox: Inbox, lanes = 64): Promise<readonly Claim[]> {
  await seen(inbox)
  return await inbox.claim(lanes)
}

const shown = (claims: readonly Claim[]) => claims.map(({ lane, events }) => `${lane}: ${events[0]?.id ?? 'nothing'}`)

export const done = ({ events: [event] }: Claim): Outcome[] =>
  event === undefined ? [] : [{ seq: event.seq, state: 'done', dueAt: null, completed: [], error: null }]

export const dead = ({ events: [event] }: Claim): Outcome[] =>
  event === undefined ? [] : [{ seq: event.seq, state: 'dead', dueAt: null, completed: [], error: 'listener 1: broken' }]

/** What is still to be delivered of what was claimed. */
const wanted = (claims: readonly Claim[]) => claims.flatMap(({ lane, events }) =>
  events.filter(({ isDiscarded }) => isDiscarded !== true).map(({ id }) => `${lane}: ${id}`))

/** What fails and is due again at once. */
const failed = ({ events: [event] }: Claim, more: Partial<Outcome> = {}): Outcome[] =>
  event === undefined ? [] : [{ seq: event.seq, state: 'pending', dueAt: 1, completed: [], error: 'listener 1: broken', ...more }]

/** Settles whatever is due until nothing is, and returns in that order what of it was to be delivered. */
async function deliverAll (inbox: Inbox, state: Outcome['state'] = 'done'): Promise<string[]> {
  const delivered: string[] = []
  for (let claims = await claim(inbox); claims.length > 0; claims = await claim(inbox)) {
    for (const held of claims) {
      delivered.push(...wanted([held]))
      await inbox.settle(held, held.events.map(({ seq }) => ({ seq, state, dueAt: null, completed: [], error: null })))
    }
  }
  return delivered
}

/** Events of one lane that have come to these ends. */
async function ended (inbox: Inbox, lane: string, ...states: Array<'done' | 'dead' | 'invalid'>): Promise<NewEvent[]> {
  const events = states.map((state) => newEvent(lane, state === 'invalid' ? { problems: ['/message: Expected object'] } : {}))
  const added = Promise.allSettled(adds(inbox, ...events))
  for (const state of states) {
    for (const held of await claim(inbox)) await inbox.settle(held, done(held).map((outcome) => ({ ...outcome, state })))
  }
  await added
  return events
}

const EMPTY = { pending: 0, failing: 0, done: 0, dead: 0, invalid: 0, oldestPendingAt: null }

async function settleAll (inbox: Inbox, outcomes = done): Promise<void> {
  for (let claims = await claim(inbox); claims.length > 0; claims = await claim(inbox)) {
    for (const claim of claims) await inbox.settle(claim, outcomes(claim))
  }
}

/** Asks for all that there is to be asked for, at once, and returns how each of it ends. */
function askAll (inbox: Inbox, lane: string): Array<Promise<unknown>> {
  const { id } = newEvent(lane)
  const asks: Array<() => unknown> = [
    () => inbox.stats(), () => inbox.list(), () => inbox.get(id), () => inbox.claim(2), () => inbox.add(newEvent(lane, { id })),
    () => inbox.replay([id, 'another']), () => inbox.discard(['another']), () => inbox.forget(lane), () => inbox.stats()
  ]
  return asks.map(endOf)
}

const OF_CLOSING: ReadonlySet<unknown> = new Set(['answered', 'FST_ONEROUTE_CLOSING'])

/** 'answered', or the error's code. */
async function endOf (ask: () => unknown): Promise<unknown> {
  try {
    await ask()
    return 'answered'
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error
  }
}

/** What every driver keeps to. `create` makes an inbox that shows what it has finished. */
export function conformance (name: string, create: () => Inbox): void {
  test(`${name}: a lane is claimed by one at a time, in the order of its events`, async (t) => {
    const inbox = create()
    const woken = await open(t, inbox)
    const added = adds(inbox, newEvent('a', { id: 'a1' }), newEvent('a', { id: 'a2' }), newEvent('b', { id: 'b1' }))
    const first = await claim(inbox)
    t.same(shown(first), ['a: a1', 'b: b1'])
    t.ok(woken.times > 0, 'said that there is work')
    t.match(first[0]?.events[0], { name: 'newMessage', attempt: 1, completed: [], event: { id: 'a1' } })
    t.same(await claim(inbox), [], 'both lanes are held')
    for (const held of first) await inbox.settle(held, done(held))
    t.same(shown(await claim(inbox)), ['a: a2'])
    t.match(await Promise.all(added.filter((_, i) => i !== 1)), ['accepted', 'accepted'])
    void Promise.allSettled(added)
  })

  test(`${name}: what is asked around the time when it is closed is answered, or refused for that`, async (t) => {
    for (const early of [0, 1, 3, 10, 30]) {
      const inbox = create()
      await open(t, inbox)
      void Promise.allSettled(adds(inbox, newEvent('a'), newEvent('b')))
      for (const held of await claim(inbox, 1)) await inbox.settle(held, done(held))
      const asked: Array<Promise<unknown>> = []
      for (let turn = 0; turn < early; turn++) {
        asked.push(...askAll(inbox, `${turn}`))
        await turns()
      }
      const closing = { isOver: false }
      void Promise.resolve(inbox.close()).finally(() => { closing.isOver = true })
      for (let turn = 0; turn < 3 || !closing.isOver; turn++) {
        asked.push(...askAll(inbox, `closing ${turn}`))
        await turns()
      }
      const ends = new Set(await Promise.all(asked))
      t.same([...ends].filter((end) => !OF_CLOSING.has(end)), [], `after ${early} turns`)
    }
  })

  test(`${name}: an event of 1 MiB is like any other, also beside small ones`, async (t) => {
    const inbox = create()
    await open(t, inbox)
    const event = { event: 'newMessage', text: 'é'.repeat(524_288) }
    const large = newEvent('a', { event, body: Buffer.from(JSON.stringify(event)) })
    const added = adds(inbox, newEvent('a'), large, newEvent('a'), newEvent('b'))
    await settleAll(inbox)
    t.same(await Promise.all(added), ['accepted', 'accepted', 'accepted', 'accepted'])
    t.match(await inbox.stats(), { pending: 0, done: 4 })
    t.ok(isDeepStrictEqual((await inbox.get(large.id))?.event, event))
  })

  test(`${name}: no more lanes are claimed than were asked for`, async (t) => {
    const inbox = create()
    await open(t, inbox)
    void Promise.allSettled(adds(inbox, newEvent('a'), newEvent('b'), newEvent('c')))
    t.equal((await claim(inbox, 2)).length, 2)
    t.equal((await claim(inbox, 2)).length, 1)
  })

  test(`${name}: a claim that is settled with nothing is given back as it was`, async (t) => {
    const inbox = create()
    await open(t, inbox)
    void Promise.allSettled(adds(inbox, newEvent('a', { id: 'kept' })))
    const [held] = await claim(inbox)
    if (held !== undefined) await inbox.settle(held, [])
    t.match(await claim(inbox), [{ lane: 'a', events: [{ id: 'kept', attempt: 1 }] }])
  })

  test(`${name}: a repeat of a done event is a duplicate, and a repeat of one under way waits for it`, async (t) => {
    const inbox = create()
    await open(t, inbox)
    const event = newEvent('a')
    const added = adds(inbox, event, event)
    await settleAll(inbox)
    t.same(await Promise.all(added), ['accepted', 'duplicate'])
    t.equal(await inbox.add(event), 'duplicate')
    t.match(await inbox.stats(), { pending: 0, done: 1 })
  })

  test(`${name}: more pending events than maxBacklog are refused`, async (t) => {
    const inbox = create()
    await open(t, inbox, 2)
    void Promise.allSettled(adds(inbox, newEvent('a'), newEvent('b')))
    await seen(inbox)
    await t.rejects(async () => await inbox.add(newEvent('c')), { code: 'FST_ONEROUTE_BACKLOG_FULL' })
    await settleAll(inbox)
    void Promise.allSettled(adds(inbox, newEvent('c')))
    t.equal((await claim(inbox)).length, 1)
  })

  test(`${name}: events are shown newest first, by state and page by page`, async (t) => {
    const inbox = create()
    await open(t, inbox)
    const receivedAt = Date.now() - 5_000
    const added = adds(inbox, ...['1', '2', '3', '4'].map((id) => newEvent(`lane ${id}`, { id, receivedAt })))
    const claims = await claim(inbox)
    for (const [i, held] of claims.entries()) if (i < 3) await inbox.settle(held, i === 1 ? dead(held) : done(held))
    await Promise.allSettled(added.slice(0, 3))
    void Promise.allSettled(added)
    const all = await inbox.list()
    t.same(all.map(({ id, state }) => `${id} ${state}`), ['4 pending', '3 done', '2 dead', '1 done'])
    t.match(all[2], {
      name: 'newMessage', lane: 'lane 2', event: { id: '2' }, receivedAt: new Date(receivedAt), attempts: 1, dueAt: null, finishedAt: Date, error: 'listener 1: broken'
    })
    t.match(all[0], { attempts: 0, dueAt: Date, finishedAt: null, error: null })
    t.same((await inbox.list({ limit: 2 })).map(({ id }) => id), ['4', '3'])
    t.same((await inbox.list({ before: all[1]?.seq })).map(({ id }) => id), ['2', '1'])
    t.same((await inbox.list({ state: 'done' })).map(({ id }) => id), ['3', '1'])
    t.same((await inbox.list({ state: 'dead', limit: 1 })).map(({ id }) => id), ['2'])
    t.same((await inbox.list({ state: 'pending', before: 1_000 })).map(({ id }) => id), ['4'])
    t.same(await inbox.get('2'), all[2])
    t.same(await inbox.get('4'), all[0])
    t.equal(await inbox.get('5'), undefined)
    t.same(await inbox.stats(), {
      pending: 1, failing: 0, done: 2, dead: 1, invalid: 0, oldestPendingAt: new Date(receivedAt), lastReceivedAt: new Date(receivedAt)
    })
  })

  test(`${name}: dead and done events are put back as new, others are not`, async (t) => {
    const inbox = create()
    const woken = await open(t, inbox)
    const [ill, well, waiting] = [newEvent('a'), newEvent('b'), newEvent('c')]
    const added = Promise.allSettled(adds(inbox, ill, well))
    const [first, second] = await claim(inbox)
    if (first !== undefined) await inbox.settle(first, dead(first))
    if (second !== undefined) await inbox.settle(second, done(second))
    await added
    void Promise.allSettled(adds(inbox, waiting))
    await seen(inbox)
    woken.times = 0
    t.equal(await inbox.replay([ill.id, well.id, waiting.id, 'unknown']), 2)
    t.ok(woken.times > 0)
    t.match(await inbox.stats(), { pending: 3, done: 0, dead: 0 })
    t.match(await claim(inbox), [
      { lane: 'c' }, { lane: 'a', events: [{ id: ill.id, attempt: 1 }] }, { lane: 'b', events: [{ id: well.id, attempt: 1 }] }
    ])
  })

  test(`${name}: an event that was put back has no error once it is done`, async (t) => {
    const inbox = create()
    await open(t, inbox)
    const [ill, unfit] = [newEvent('a'), newEvent('b', { problems: ['/message: Expected object'] })]
    void Promise.allSettled(adds(inbox, ill, unfit))
    const [first, second] = await claim(inbox)
    if (first !== undefined) await inbox.settle(first, dead(first))
    if (second !== undefined) await inbox.settle(second, done(second).map((outcome) => ({ ...outcome, state: 'invalid' })))
    t.equal(await inbox.replay([ill.id, unfit.id]), 2)
    for (const held of await claim(inbox)) await inbox.settle(held, done(held))
    t.match(await inbox.stats(), { pending: 0, done: 2 })
    for (const { id } of [ill, unfit]) t.match(await inbox.get(id), { state: 'done', error: null })
  })

  test(`${name}: a dead event that comes again is a new one`, async (t) => {
    const inbox = create()
    await open(t, inbox)
    const [first, again] = [newEvent('a'), newEvent('b')]
    const added = Promise.allSettled(adds(inbox, first))
    for (const held of await claim(inbox)) await inbox.settle(held, dead(held))
    await added
    const { seq = 0 } = await inbox.get(first.id) ?? {}
    void Promise.allSettled(adds(inbox, { ...again, id: first.id }))
    t.match(await claim(inbox), [{ lane: 'b', events: [{ id: first.id, attempt: 1, completed: [] }] }])
    t.match(await inbox.stats(), { pending: 1, failing: 0 })
    t.ok(Number((await inbox.get(first.id))?.seq) > seq, 'at the end')
  })

  test(`${name}: an event that is not of its schema can be delivered so, has its problems until then, and is done or invalid then`, async (t) => {
    const inbox = create()
    await open(t, inbox)
    const problems = ['/message/content: Expected string', '/conversation: Expected object']
    const [wanted, unwanted] = [newEvent('a', { problems }), newEvent('b', { problems })]
    const added = Promise.allSettled(adds(inbox, wanted, unwanted))
    const [first, second] = await claim(inbox)
    t.match([first, second], [{ lane: 'a', events: [{ problems }] }, { lane: 'b', events: [{ problems }] }])
    t.match(await inbox.get(wanted.id), { state: 'pending', error: problems.join('; ') })
    t.match(await inbox.stats(), { pending: 2, invalid: 0, lastReceivedAt: null })
    if (first !== undefined) await inbox.settle(first, done(first))
    if (second !== undefined) await inbox.settle(second, done(second).map((outcome) => ({ ...outcome, state: 'invalid' })))
    await added
    t.match(await inbox.stats(), { pending: 0, done: 1, invalid: 1 })
    t.match(await inbox.get(unwanted.id), { state: 'invalid', error: problems.join('; '), finishedAt: Date })
    t.equal(await inbox.replay([wanted.id]), 1)
    t.match(await claim(inbox), [{ lane: 'a', events: [{ problems }] }], 'what was handled as invalid is so again')
    t.equal(await inbox.replay([unwanted.id]), 1)
    t.match(await claim(inbox), [{ lane: 'b', events: [{ id: unwanted.id, problems: null }] }], 'as it is')
    t.match(await inbox.stats(), { pending: 2, done: 0, invalid: 0 })
  })

  test(`${name}: discarded events of every state are gone and not counted, and what is unknown is not either`, async (t) => {
    const inbox = create()
    await open(t, inbox)
    const events = await ended(inbox, 'a', 'done', 'dead', 'invalid')
    const [waiting, kept] = [newEvent('a'), newEvent('b')]
    void Promise.allSettled(adds(inbox, waiting, kept))
    await seen(inbox)
    t.match(await inbox.stats(), { pending: 2, done: 1, dead: 1, invalid: 1 })
    const ids = [...events, waiting].map(({ id }) => id)
    t.equal(await inbox.discard([...ids, 'unknown', ...ids]), 4, 'each once')
    t.match(await inbox.stats(), { ...EMPTY, pending: 1, oldestPendingAt: Date })
    for (const id of ids) t.equal(await inbox.get(id), undefined)
    t.same((await inbox.list()).map(({ id }) => id), [kept.id])
    t.equal(await inbox.replay(ids), 0)
    t.equal(await inbox.discard(ids), 0)
    t.equal(await inbox.discard([]), 0)
    t.same(await deliverAll(inbox), [`b: ${kept.id}`])
    t.match(await inbox.stats(), { ...EMPTY, done: 1 })
  })

  test(`${name}: a repeat of a discarded event is new again`, async (t) => {
    const inbox = create()
    await open(t, inbox)
    const events = await ended(inbox, 'a', 'done', 'dead')
    const waiting = newEvent('a')
    void Promise.allSettled(adds(inbox, waiting))
    await seen(inbox)
    const all = [...events, waiting]
    t.equal(await inbox.discard(all.map(({ id }) => id)), 3)
    const added = Promise.all(adds(inbox, ...all))
    t.same(await deliverAll(inbox), all.map(({ id }) => `a: ${id}`))
    t.same(await added, ['accepted', 'accepted', 'accepted'])
    t.match(await inbox.stats(), { ...EMPTY, done: 3 })
  })

  test(`${name}: an event that is discarded while it is claimed is marked, and whatever becomes of it counts nothing`, async (t) => {
    for (const state of ['done', 'dead', 'pending'] as const) {
      const inbox = create()
      await open(t, inbox)
      const [first, second] = [newEvent('a'), newEvent('a')]
      void Promise.allSettled(adds(inbox, first, second))
      const [held] = await claim(inbox)
      t.equal(await inbox.discard([first.id]), 1)
      t.equal(held?.events[0]?.isDiscarded, true)
      t.match(await inbox.stats(), { ...EMPTY, pending: 1, oldestPendingAt: Date })
      t.same(await claim(inbox), [], 'its lane is still held')
      const dueAt = state === 'pending' ? Date.now() + 3_600_000 : null
      if (held !== undefined) await inbox.settle(held, done(held).map((outcome) => ({ ...outcome, state, dueAt, error: 'listener 1: broken' })))
      t.match(await inbox.stats(), { ...EMPTY, pending: 1, oldestPendingAt: Date })
      t.same(await deliverAll(inbox), [`a: ${second.id}`], 'what was behind it goes on at once')
      t.match(await inbox.stats(), { ...EMPTY, done: 1 })
    }
  })

  test(`${name}: an event behind a claimed one is discarded, and not delivered`, async (t) => {
    const inbox = create()
    await open(t, inbox)
    const events = [newEvent('a'), newEvent('a'), newEvent('a')]
    const [first, second, third] = events.map(({ id }) => id)
    void Promise.allSettled(adds(inbox, ...events))
    const [held] = await claim(inbox)
    t.equal(await inbox.discard([String(second)]), 1)
    if (held !== undefined) await inbox.settle(held, done(held))
    t.same(await deliverAll(inbox), [`a: ${third}`])
    t.match(await inbox.stats(), { ...EMPTY, done: 2 })
    t.equal(await inbox.discard([String(first), String(third)]), 2)
    t.match(await inbox.stats(), EMPTY)
  })

  test(`${name}: a lane is forgotten with all of its events, and no other`, async (t) => {
    const inbox = create()
    await open(t, inbox)
    const kept = await ended(inbox, 'b', 'done', 'dead', 'invalid')
    const gone = await ended(inbox, 'a', 'done', 'dead', 'invalid')
    const events = [newEvent('a'), newEvent('a'), newEvent('b')]
    void Promise.allSettled(adds(inbox, ...events))
    const held = (await claim(inbox)).find(({ lane }) => lane === 'a')
    t.equal(await inbox.forget('a'), 5)
    t.equal(held?.events[0]?.isDiscarded, true)
    t.match(await inbox.stats(), { pending: 1, done: 1, dead: 1, invalid: 1 })
    t.same((await inbox.list()).map(({ lane }) => lane), ['b', 'b', 'b', 'b'])
    for (const { id } of [...gone, ...events.slice(0, 2)]) t.equal(await inbox.get(id), undefined)
    t.equal(await inbox.forget('a'), 0)
    t.equal(await inbox.forget('unknown'), 0)
    if (held !== undefined) await inbox.settle(held, dead(held))
    t.same(await deliverAll(inbox), [], 'b is claimed')
    t.match(await inbox.stats(), { pending: 1, done: 1, dead: 1, invalid: 1 })
    t.equal(await inbox.replay(kept.map(({ id }) => id)), 3)

    const again = Promise.all(adds(inbox, ...events.slice(0, 2)))
    t.same(await deliverAll(inbox), events.slice(0, 2).map(({ id }) => `a: ${id}`), 'new to it')
    t.same(await again, ['accepted', 'accepted'])
  })

  test(`${name}: nothing is added after it was closed`, async (t) => {
    const inbox = create()
    await open(t, inbox)
    await inbox.close()
    await t.rejects(async () => await inbox.add(newEvent('a')), { code: 'FST_ONEROUTE_CLOSING' })
    await inbox.close()
  })
}

/** What durable drivers keep to besides. */
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

  test(`${name}: what is behind an event that leaves its lane goes on in order, and the event does not go on before it is due`, async (t) => {
    const inbox = create()
    await open(t, inbox)
    await Promise.all(adds(inbox, ...['a1', 'a2', 'a3'].map((id) => newEvent('a', { id }))))
    const dueAt = Date.now() + 3_600_000
    for (const held of await claim(inbox)) await inbox.settle(held, failed(held, { aside: true, dueAt }))
    t.match(await inbox.get('a1'), { lane: 'a', state: 'pending', attempts: 1, dueAt: new Date(dueAt), error: 'listener 1: broken' })
    t.match(await inbox.stats(), { pending: 3, failing: 1 })
    await Promise.all(adds(inbox, newEvent('a', { id: 'a4' })))
    t.same(await deliverAll(inbox), ['a: a2', 'a: a3', 'a: a4'])
    t.match(await inbox.stats(), { pending: 1, failing: 1, done: 3 })
  })

  test(`${name}: an event that has left its lane has one of its own, until it is replayed`, async (t) => {
    const inbox = create()
    await open(t, inbox)
    await Promise.all(adds(inbox, ...['a1', 'a2', 'a3'].map((id) => newEvent('a', { id }))))
    for (const held of await claim(inbox)) await inbox.settle(held, failed(held, { aside: true }))
    const [rest, beside] = (await claim(inbox)).toSorted((x, y) => String(x.events[0]?.id).localeCompare(String(y.events[0]?.id))).toReversed()
    t.match([rest, beside], [{ lane: 'a', events: [{ id: 'a2', attempt: 1 }] }, { events: [{ id: 'a1', attempt: 2, isAside: true }] }])
    t.not(beside?.lane, 'a')
    t.equal(beside?.events.length, 1)
    if (beside !== undefined) await inbox.settle(beside, failed(beside, { aside: true })) // it has left already
    const [again] = await claim(inbox)
    t.match(again, { lane: beside?.lane, events: [{ id: 'a1', attempt: 3 }] })
    if (again !== undefined) await inbox.settle(again, dead(again))
    t.match(await inbox.get('a1'), { lane: 'a', state: 'dead', attempts: 3 })
    t.equal(await inbox.replay(['a1']), 1)
    t.match(await inbox.get('a1'), { lane: 'a', state: 'pending', attempts: 0 })
    if (rest !== undefined) await inbox.settle(rest, done(rest))
    t.same(await deliverAll(inbox), ['a: a3', 'a: a1'])
  })

  test(`${name}: an event that leaves a lane where it is alone is tried again like any other`, async (t) => {
    const inbox = create()
    await open(t, inbox)
    await inbox.add(newEvent('alone', { id: 'alone' }))
    for (const held of await claim(inbox)) await inbox.settle(held, failed(held, { aside: true }))
    const [again] = await claim(inbox)
    t.match(again, { events: [{ id: 'alone', attempt: 2, isAside: true }] })
    if (again !== undefined) await inbox.settle(again, done(again))
    t.match(await inbox.get('alone'), { lane: 'alone', state: 'done', attempts: 2 })
    t.same(await claim(inbox), [])
  })

  test(`${name}: who has completed an event and who refuses it is remembered, and after a replay of a dead one who has completed it, unless all are meant`, async (t) => {
    const inbox = create()
    await open(t, inbox)
    await inbox.add(newEvent('a', { id: 'a1' }))
    const listeners = { completed: ['first'], refused: ['second "\\\0'] }
    const next = async (outcomes: (held: Claim) => Outcome[]) => {
      const [held] = await claim(inbox)
      const event = held?.events[0]
      if (held !== undefined) await inbox.settle(held, outcomes(held))
      return { attempt: event?.attempt, completed: event?.completed, refused: event?.refused ?? [] }
    }
    const ending = (state: Outcome['state']) => (held: Claim) => failed(held, { state, dueAt: null, ...listeners })
    t.same(await next((held) => failed(held, listeners)), { attempt: 1, completed: [], refused: [] })
    t.match(await next(ending('dead')), { attempt: 2, completed: ['first'], refused: [/^second "\\/] })
    await inbox.replay(['a1'])
    t.same(await next(ending('dead')), { attempt: 1, completed: ['first'], refused: [] })
    await inbox.replay(['a1'], { all: true })
    t.same(await next(ending('done')), { attempt: 1, completed: [], refused: [] })
    await inbox.replay(['a1'], { all: false })
    t.same(await next(ending('done')), { attempt: 1, completed: [], refused: [] }, 'a done one is as new')
  })

  test(`${name}: for how long an event has failed is counted from its first failure, and from a replay on anew`, async (t) => {
    const inbox = create()
    await open(t, inbox)
    await inbox.add(newEvent('a', { id: 'a1' }))
    const next = async (outcomes: (held: Claim) => Outcome[]) => {
      const [held] = await claim(inbox)
      const event = held?.events[0]
      if (held !== undefined) await inbox.settle(held, outcomes(held))
      for (const now = Date.now(); Date.now() < now + 5;) await turns()
      return event?.failingFor ?? 0
    }
    t.equal(await next(failed), 0)
    const first = await next(failed)
    t.ok(first > 0 && first < 60_000, `${first} ms`)
    const second = await next((held) => failed(held, { aside: true }))
    t.ok(second > first, `${second} ms`)
    const third = await next(dead)
    t.ok(third > second, `${third} ms`)
    const replayedAt = Date.now()
    await inbox.replay(['a1'])
    t.equal(await next(failed), 0)
    const again = await next(failed)
    t.ok(again > 0 && again <= Date.now() - replayedAt + 1, `${again} ms`)
  })

  test(`${name}: replayed events keep the order of their lanes, whatever the order of their ids, and however many they are`, async (t) => {
    const inbox = create()
    await open(t, inbox)
    const events = Array.from({ length: 640 }, (_, i) => newEvent(`lane ${i % 3}`, { id: `replayed ${i}` }))
    for (let i = 0; i < events.length; i += 100) {
      await Promise.all(adds(inbox, ...events.slice(i, i + 100)))
      await deliverAll(inbox, i % 200 === 0 ? 'dead' : 'done')
    }
    const newestFirst = (await inbox.list({ limit: 1_000 })).map(({ id }) => id)
    t.equal(await inbox.replay([...newestFirst, 'unknown', ...newestFirst.slice(0, 10)]), 640)
    const lanes = Map.groupBy(await deliverAll(inbox), (line) => line.slice(0, 6))
    for (const [lane, lines] of lanes) t.same(lines, events.filter((event) => event.lane === lane).map(({ id }) => `${lane}: ${id}`))
    t.equal(lanes.size, 3)
  })

  test(`${name}: an event that is to be tried again holds its lane until then, and remembers who has completed it`, async (t) => {
    const inbox = create()
    const woken = await open(t, inbox)
    await Promise.all(adds(inbox, newEvent('a', { id: 'a1' }), newEvent('a', { id: 'a2' }), newEvent('b', { id: 'b1' })))
    const [held] = await claim(inbox)
    const seq = held?.events[0]?.seq ?? 0
    woken.times = 0
    const dueAt = Date.now() + 50
    if (held !== undefined) await inbox.settle(held, [{ seq, state: 'pending', dueAt, completed: ['first'], error: 'second: broken' }])
    let again = await claim(inbox)
    if (Date.now() < dueAt) t.same(again, [], 'b is held, a waits')
    t.match(await inbox.get('a1'), { state: 'pending', attempts: 1, error: 'second: broken', dueAt: Date })
    t.match(await inbox.stats(), { pending: 3, failing: 1 })
    while (woken.times === 0) await turns() // says so itself
    while (again.length === 0) again = await claim(inbox)
    t.match(again, [{ lane: 'a', events: [{ id: 'a1', attempt: 2, completed: ['first'] }] }])
  })

  test(`${name}: an invalid event is kept, not delivered, and can be put back`, async (t) => {
    const inbox = create()
    await open(t, inbox)
    const invalid = newEvent('a', { state: 'invalid', problems: ['/message: Expected object', '/conversation: Expected object'] })
    const error = '/message: Expected object; /conversation: Expected object'
    t.equal(await inbox.add(invalid), 'accepted')
    t.same(await claim(inbox), [])
    t.match(await inbox.get(invalid.id), { state: 'invalid', lane: 'a', error, attempts: 0, finishedAt: Date })
    t.match(await inbox.stats(), { pending: 0, invalid: 1, lastReceivedAt: null })
    t.equal(await inbox.replay([invalid.id]), 1)
    t.match(await claim(inbox), [{ lane: 'a', events: [{ id: invalid.id, problems: null }] }])
    t.match(await inbox.get(invalid.id), { state: 'pending', error })
  })

  test(`${name}: an invalid event that comes again is a repeat, unless it is of its schema by now`, async (t) => {
    const inbox = create()
    await open(t, inbox)
    const invalid = newEvent('a', { state: 'invalid', problems: ['/message: Expected object'] })
    t.equal(await inbox.add(invalid), 'accepted')
    t.equal(await inbox.add(invalid), 'duplicate')
    t.equal(await inbox.add({ ...invalid, state: 'pending' }), 'duplicate')
    t.match(await inbox.stats(), { pending: 0, invalid: 1 })
    const added = await Promise.all(adds(inbox, ...Array.from({ length: 3 }, () => newEvent('b', { id: invalid.id }))))
    t.same(added.sort(), ['accepted', 'duplicate', 'duplicate'])
    t.match(await inbox.stats(), { pending: 1, invalid: 0, lastReceivedAt: Date })
    t.match(await claim(inbox), [{ lane: 'b', events: [{ id: invalid.id, problems: null }] }])
    t.match(await inbox.get(invalid.id), { error: null })
  })

  test(`${name}: an event that comes together with an invalid one of the same id takes its place`, async (t) => {
    const inbox = create()
    await open(t, inbox)
    const invalid = newEvent('a', { state: 'invalid', problems: ['/message: Expected object'] })
    const fitting = newEvent('b', { id: invalid.id })
    t.same(await Promise.all(adds(inbox, invalid, newEvent('c'), fitting, invalid, fitting)), ['accepted', 'accepted', 'accepted', 'duplicate', 'duplicate'])
    t.match(await inbox.stats(), { pending: 2, invalid: 0 })
    t.same(shown(await claim(inbox)).toSorted()[0], `b: ${invalid.id}`)
  })

  test(`${name}: an inbox that is full of invalid events takes no more of them, not to be delivered either`, async (t) => {
    const inbox = create()
    await open(t, inbox, 1)
    const problems = ['/message: Expected object']
    t.equal(await inbox.add(newEvent('a', { state: 'invalid', problems })), 'accepted')
    await t.rejects(async () => await inbox.add(newEvent('a', { problems })), { code: 'FST_ONEROUTE_BACKLOG_FULL' })
    t.equal(await inbox.add(newEvent('a')), 'accepted')
  })

  test(`${name}: more invalid events than maxBacklog are refused, and dead ones stay then`, async (t) => {
    const inbox = create()
    await open(t, inbox, 2)
    const invalid = () => newEvent('a', { state: 'invalid', problems: ['/message: Expected object'] })
    const ill = newEvent('a')
    await Promise.all(adds(inbox, ill, invalid(), invalid()))
    for (const held of await claim(inbox)) await inbox.settle(held, dead(held))
    await t.rejects(async () => await inbox.add(invalid()), { code: 'FST_ONEROUTE_BACKLOG_FULL' })
    await t.rejects(async () => await inbox.add({ ...ill, state: 'invalid', problems: ['/: Expected object'] }), { code: 'FST_ONEROUTE_BACKLOG_FULL' })
    t.match(await inbox.stats(), { pending: 0, dead: 1, invalid: 2 })
    t.equal(await inbox.add(ill), 'accepted')
    t.equal(await inbox.add(newEvent('b')), 'accepted')
    await t.rejects(async () => await inbox.add(newEvent('c')), { code: 'FST_ONEROUTE_BACKLOG_FULL' })
    t.match(await inbox.stats(), { pending: 2, dead: 0, invalid: 2 })
  })

  test(`${name}: what is known of deliveries is kept with the event, through retries, success and replays`, async (t) => {
    const inbox = create()
    await open(t, inbox)
    await Promise.all(adds(inbox, newEvent('a', { id: 'a1' }), newEvent('a', { id: 'a2' })))
    const records = [1, 2, 1].map((attempt, i): DeliveryRecord => ({
      attempt, startedAt: new Date(1_700_000_000_000 + i), duration: 1.5, completed: ['first'], failures: i === 1 ? [] : [{ listener: 'second', duration: 1.25, error: 'broken\n"\0 Zürich' }]
    }))
    const [failed, late, dying] = records
    const settle = async (delivery: DeliveryRecord | undefined, state: Outcome['state']) => {
      const [held] = await claim(inbox)
      const seq = held?.events[0]?.seq ?? 0
      if (held !== undefined && delivery !== undefined) await inbox.settle(held, [{ seq, state, dueAt: state === 'pending' ? 0 : null, completed: [], error: null, delivery }])
    }
    await settle(failed, 'pending')
    t.same((await inbox.get('a1'))?.deliveries, [failed])
    await settle(late, 'done')
    t.same((await inbox.get('a1'))?.deliveries, [failed, late])
    t.match(await inbox.stats(), { pending: 1, done: 1 })
    await inbox.replay(['a1'])
    t.same((await inbox.get('a1'))?.deliveries, [failed, late])
    for (const held of await claim(inbox)) await inbox.settle(held, done(held)) // a2
    await settle(dying, 'dead')
    t.match((await inbox.get('a1'))?.deliveries, [failed, late, { ...dying, failures: [{ error: 'broken\n"\0 Zürich' }] }])
    t.same((await inbox.get('a2'))?.deliveries, [], 'it has succeeded at once')
    t.same((await inbox.list()).map(({ deliveries }) => deliveries.length), [3, 0])
    t.match(await inbox.stats(), { pending: 0, done: 1, dead: 1 })
  })

  test(`${name}: an event that is done at once has a record if it is given one`, async (t) => {
    const inbox = create()
    await open(t, inbox)
    const event = newEvent('a')
    await inbox.add(event)
    const delivery = { attempt: 1, startedAt: new Date(1_700_000_000_000), duration: 0.5, completed: [], failures: [] }
    for (const held of await claim(inbox)) await inbox.settle(held, done(held).map((outcome) => ({ ...outcome, delivery })))
    t.match(await inbox.stats(), { pending: 0, done: 1 })
    t.match(await inbox.get(event.id), { state: 'done', attempts: 1, deliveries: [delivery], error: null })
  })

  test(`${name}: of very many deliveries the last ones are kept`, async (t) => {
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

  test(`${name}: the lane of an event that is discarded while it waits for its retry goes on at once`, async (t) => {
    const inbox = create()
    await open(t, inbox)
    const events = [newEvent('a'), newEvent('a'), newEvent('a')]
    const [first = '', second = '', third = ''] = events.map(({ id }) => id)
    await Promise.all(adds(inbox, ...events))
    const fail = async (dueAt: number) => {
      for (const held of await claim(inbox)) await inbox.settle(held, done(held).map((outcome) => ({ ...outcome, state: 'pending', dueAt })))
    }
    await fail(Date.now() + 3_600_000)
    t.equal(await inbox.discard([second]), 1)
    t.same(await claim(inbox), [], 'the first one waits')
    t.equal(await inbox.discard([first]), 1)
    t.same(wanted(await claim(inbox)), [`a: ${third}`])
    t.match(await inbox.stats(), { ...EMPTY, pending: 1, oldestPendingAt: Date })
  })

  test(`${name}: a discarded lane that is empty is a new one with its next event`, async (t) => {
    const inbox = create()
    await open(t, inbox)
    const first = newEvent('a')
    await inbox.add(first)
    for (const held of await claim(inbox)) await inbox.settle(held, done(held).map((outcome) => ({ ...outcome, state: 'pending', dueAt: Date.now() + 3_600_000 })))
    t.equal(await inbox.discard([first.id]), 1)
    t.match(await inbox.stats(), EMPTY)
    const next = newEvent('a')
    await inbox.add(next)
    t.same(await deliverAll(inbox), [`a: ${next.id}`])
  })

  test(`${name}: a lane is forgotten with what was retried, replayed, set aside and kept as invalid, and by any spelling of its name`, async (t) => {
    const inbox = create()
    await open(t, inbox)
    const lane = 'a\0\ud800'
    const events = [newEvent(lane), newEvent(lane), newEvent(lane), newEvent(lane, { state: 'invalid', problems: ['/message: Expected object'] })]
    const [aside, replayed, retried] = events
    await Promise.all(adds(inbox, ...events))
    const settle = async (outcome: Partial<Outcome>) => {
      const [held] = await claim(inbox)
      if (held !== undefined) await inbox.settle(held, done(held).map((one) => ({ ...one, ...outcome })))
    }
    await settle({ state: 'pending', dueAt: Date.now() + 3_600_000, aside: true })
    // With a driver that knows no `aside`, the others wait behind it.
    await settle({ state: 'dead' })
    await inbox.replay([String(replayed?.id)])
    await settle({ state: 'pending', dueAt: Date.now() + 3_600_000 })
    t.ok(await inbox.get(String(aside?.id)))
    t.ok(await inbox.get(String(retried?.id)))
    t.equal(await inbox.forget(lane), 4)
    t.match(await inbox.stats(), EMPTY)
    t.same(await inbox.list(), [])
    t.same(await claim(inbox), [])
  })

  test(`${name}: a long lane is forgotten beside what is added to others`, async (t) => {
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
