import { test } from 'tap'
import { DeliveryLostError } from '../../../index.ts'
import type { Inbox } from '../../../index.ts'
import { recount } from '../../../lib/inbox/postgres/recount.ts'
import { turns } from '../../helpers/app.ts'
import { claimSoon, ids, settleAll } from '../../helpers/processes.ts'
import { adds, newEvent } from '../conformance.ts'
import { admin, Collecting, collects, each, ended, eventOf, fails, held, later } from './helpers/collecting.ts'

const numbered = (count: number, from = 1) => Array.from({ length: count }, (_, i) => `a${from + i}`)

test('up to a hundred events that wait for collectors are claimed at once, and fewer of long ones', async (t) => {
  const shared = new Collecting(t)
  const inbox = await shared.open()
  await Promise.all(adds(inbox, ...numbered(101).map((id) => eventOf(id))))
  while ((await shared.row('a')) !== undefined) await settleAll(inbox, await claimSoon(inbox, 64), ({ lane, events }) => lane === 'a' ? each(collects(later()))({ lane, events }) : [])
  await shared.makeDue('collect:a')
  const burst = held(await claimSoon(inbox, 64))
  t.equal(burst.events.length, 100)
  await settleAll(inbox, [burst], each({}))
  t.same(ids(await claimSoon(inbox, 64)), ['collect:a: a101 1'])
  await Promise.all(adds(inbox, ...['b1', 'b2', 'b3'].map((id) => eventOf(id, { body: Buffer.from(`{"event":"x","text":"${'x'.repeat(2_500_000)}"}`) }))))
  for (let i = 0; i < 3; i++) await settleAll(inbox, await claimSoon(inbox, 64), each(collects(later())))
  await shared.makeDue('collect:b')
  const long = held(await claimSoon(inbox, 64))
  t.same(ids([long]), ['collect:b: b1 1 b2 1'])
  await settleAll(inbox, [long], each({}))
  t.same(ids(await claimSoon(inbox, 64)), ['collect:b: b3 1'], 'and the rest after that')
})

test('a conversation may be called like the lane of another one for its collectors', async (t) => {
  const shared = new Collecting(t)
  const inbox = await shared.open()
  const own = (id: string) => newEvent('collect:a', { id })
  await Promise.all(adds(inbox, ...Array.from({ length: 17 }, (_, i) => own(`own ${i}`))))
  const first = held(await inbox.claim(64))
  t.match(first, { isFollowed: false, events: { length: 16, 0: { collectedFrom: undefined } } })
  await settleAll(inbox, [first], each({}))
  await settleAll(inbox, await inbox.claim(64), each(collects()))
  t.match(await shared.pending(), [{ lane: 'collect:collect:a' }])
  await settleAll(inbox, await inbox.claim(64), each({}))
  await Promise.all(adds(inbox, eventOf('a1'), eventOf('a2'), own('between'), eventOf('a3')))
  const claimed: string[] = []
  const deliver = async (isCollected: boolean) => {
    const claim = held(await claimSoon(inbox, 1))
    claimed.push(...ids([claim]))
    t.equal(claim.events[0]?.collectedFrom !== undefined, isCollected)
    await settleAll(inbox, [claim], each(claim.lane === 'a' ? collects() : {}))
  }
  // Whichever of the two is due first: the lane of the conversation that is called so is held back.
  await admin.query(`UPDATE ${shared.tables}.lanes SET due = now() + interval '1 hour' WHERE lane = 'collect:a'`)
  await deliver(false)
  await shared.makeDue('collect:a')
  for (const isCollected of [true, false, true]) await deliver(isCollected)
  t.same(claimed, ['a: a1 1 a2 1 a3 1', 'collect:a: a1 1 a2 1', 'collect:a: between 1', 'collect:a: a3 1'])
})

test('what waits for collectors in the hands of a process that ended is delivered together again, as a suspect', async (t) => {
  const shared = new Collecting(t)
  const [ended, other] = [await shared.waiting(['a1', 'a2', 'a3']), await shared.open()]
  await ended.claim(64)
  await shared.expire()
  const burst = held(await other.claim(64))
  t.same(ids([burst]), ['collect:a: a1 2 a2 1 a3 1'])
  t.same(await shared.trials(), ['a1 1 1', 'a2 - 0', 'a3 - 0'])
  await other.add(eventOf('b1'))
  const usual = await other.claim(64)
  t.same(ids(usual), ['b: b1 1'], 'it is one lane')
  await settleAll(other, usual)
  await other.settle(burst, [], later())
  await other.stats()
  t.match([await shared.row('collect:a'), await shared.trials()], [{ suspect: true }, { 0: 'a1 0 1' }], 'it was not delivered')
  t.ok(Number((await shared.row('collect:a'))?.due) > 3_000)
  await shared.makeDue('collect:a')
  for (const id of ['ended', 'ended again']) {
    const process = await shared.open()
    t.same(ids(await process.claim(64)), [id === 'ended' ? 'collect:a: a1 2 a2 1 a3 1' : 'collect:a: a1 2! a2 1 a3 1'])
    await shared.expire()
  }
  const interrupted = held(await claimSoon(other, 64))
  t.equal(interrupted.events[0]?.interrupted, true)
  const aside = fails(later(), { aside: true })
  await settleAll(other, [interrupted], each(aside))
  t.match(await shared.lanes(), [{ lane: 'collect:aside:a1', suspect: true, held: false }], 'and stays suspect')
  await shared.makeDue('collect:aside:a1')
  const last = held(await claimSoon(other, 64))
  t.same(ids([last]), ['collect:aside:a1: a1 3 a2 2 a3 2'])
  await settleAll(other, [last], each(collects()))
  t.match(await shared.row('collect:a'), { suspect: false })
  t.same(await shared.trials(), ['a1 - 0', 'a2 - 0', 'a3 - 0'])
})

test('a claim ends before an event that is suspect, which is then the first of another one', async (t) => {
  const shared = new Collecting(t)
  const inbox = await shared.open()
  await Promise.all(adds(inbox, eventOf('a1'), eventOf('a2'), eventOf('a3')))
  await settleAll(inbox, await inbox.claim(64), (claim) => each(fails(0, { aside: true }))(claim).slice(0, 1))
  await settleAll(inbox, await inbox.claim(64), (claim) => claim.lane === 'a' ? each(collects())(claim) : [])
  const process = await shared.open()
  t.equal((await process.claim(64)).length, 2)
  await shared.expire()
  for (let i = 0; i < 2; i++) {
    const claim = held(await claimSoon(inbox, 1))
    await settleAll(inbox, [claim], claim.lane === 'collect:a' ? () => [] : each(collects()))
  }
  const claims: string[] = []
  for (let i = 0; i < 9 && (await inbox.stats()).pending > 0; i++) {
    const next = await inbox.claim(64)
    claims.push(...ids(next))
    await settleAll(inbox, next, each({}))
  }
  t.same(claims.sort(), ['collect:a: a1 1', 'collect:a: a2 2 a3 1'])
})

test('who has lost a lane of events that wait for collectors settles what is done, and nothing else', async (t) => {
  const shared = new Collecting(t)
  const [late, other] = [await shared.waiting(['a1', 'a2', 'a3']), await shared.open()]
  const lost = held(await late.claim(64))
  await shared.expire()
  const taken = held(await other.claim(64))
  await late.settle(lost, each({}, fails(later(), { aside: true, running: true }), collects(later()))(lost), later())
  await late.stats()
  t.match(await shared.pending(), [{ lane: 'collect:a', attempts: 0 }, { lane: 'collect:a', attempts: 0 }])
  t.match(await shared.row('collect:a'), { held: true })
  await settleAll(other, [taken], each({}))
  t.match(await other.stats(), { pending: 0, done: 3 })
  t.same(await other.claim(64), [])
})

test('what waits for collectors is found, discarded, forgotten and replayed as of its conversation', async (t) => {
  const shared = new Collecting(t)
  const inbox = await shared.waiting(['a1', 'a2', 'a3', 'a4'])
  const burst = held(await inbox.claim(64))
  await inbox.settle(burst, each(fails(later()), collects(later()), collects(0), { state: 'dead' })(burst), later())
  const found = await inbox.find?.({ conversation: 'a' })
  t.match(found?.events, [{ id: 'a4', isCollected: false }, { id: 'a3', lane: 'a', isCollected: true, isAside: false }, { id: 'a2' }, { id: 'a1', attempts: 1, isCollected: true }])
  t.match(await inbox.find?.({ conversation: 'a', failing: true }), { ids: ['a1'] })
  t.match(await inbox.list({ state: 'pending' }), [{ id: 'a3', lane: 'a' }, { id: 'a2' }, { id: 'a1' }])
  t.equal(await inbox.discard(['a1']), 1)
  t.ok(Number((await shared.row('collect:a'))?.due) < 60, 'none has failed any more: it is due with the first that is')
  t.equal(await inbox.replay(['a4']), 1)
  t.match((await shared.pending()).at(-1), { lane: 'a', attempts: 0 })
  t.match((await claimSoon(inbox, 64)).filter(({ lane }) => lane !== 'a'), [{ isFollowed: true }])
  t.equal(await inbox.forget('a'), 3)
  t.match(await inbox.stats(), { pending: 0 })
})

test('a lane of events that wait for collectors whose row was deleted is found again, and due with the first of them', async (t) => {
  const shared = new Collecting(t)
  const inbox = await shared.waiting(['a1'], later())
  await shared.collect(inbox, ['a2'])
  await admin.query(`DELETE FROM ${shared.tables}.lanes`)
  t.match(await recount(shared.schema, async (text) => (await admin.query<Record<string, string>>(text)).rows[0] ?? {}), { lanes: 1 })
  t.same(ids(await claimSoon(inbox, 64)), ['collect:a: a1 1 a2 1'])
})

test('a transaction of the app completes an event for a collector, while its lane is held', async (t) => {
  const shared = new Collecting(t)
  const [inbox, other] = [await shared.waiting(['a1', 'a2']), await shared.open()]
  const { events: [, second] } = held(await inbox.claim(64))
  const statement = second && inbox.completion?.(second, 'collector')
  if (statement === undefined) throw new Error('it has none')
  await admin.query(statement.sql, [...statement.values])
  await shared.expire()
  t.match(held(await other.claim(64)), { events: [{ completed: [] }, { id: 'a2', completed: ['collector'] }] })
  const error: unknown = await admin.query(statement.sql, [...statement.values]).catch((error: unknown) => error)
  t.ok(statement.refusalOf(error) instanceof DeliveryLostError)
})

test('processes that settle lanes and those of their collectors at the same time lose nothing', async (t) => {
  const shared = new Collecting(t)
  const inboxes = await Promise.all(Array.from({ length: 3 }, async () => await shared.open()))
  const posted = Array.from({ length: 300 }, (_, i) => `${'abcdef'.charAt(i % 6)}${i}`)
  const collected: string[] = []
  const rest = [...posted]
  const work = async (inbox: Inbox, n: number) => {
    for (; collected.length < posted.length;) {
      const some = rest.splice(0, 7)
      await Promise.all(adds(inbox, ...some.map((id) => eventOf(id))))
      for (const claim of await inbox.claim(4)) {
        const isBurst = claim.events[0]?.collectedFrom !== undefined
        const isFailure = !isBurst && claim.events[0]?.attempt === 1 && n % 2 === 0
        await inbox.settle(claim, claim.events.map(({ seq, id }, i) => {
          if (isBurst && (i % 3 < 2 || claim.events.length < 3)) {
            collected.push(id)
            return ended(seq)
          }
          return ended(seq, i === 0 && isFailure ? fails(0, { aside: true }) : collects())
        }))
      }
      await turns()
    }
  }
  await Promise.all([...inboxes, ...inboxes].map(work))
  t.same(collected.sort(), posted.sort(), 'each once')
  for (const inbox of inboxes) await inbox.stats() // once what each has settled is written
  t.match(await inboxes[0]?.stats(), { pending: 0, failing: 0, done: 300 })
  t.same(await shared.lanes(), [])
})
