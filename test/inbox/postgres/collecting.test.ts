import { test } from 'tap'
import type { Test } from 'tap'
import type { Outcome } from '../../../index.ts'
import { claimSoon, ids, settleAll } from '../../helpers/processes.ts'
import { adds } from '../conformance.ts'
import { Collecting, collects, each, ended, eventOf, fails, held, later } from './helpers/collecting.ts'

const FRESH = { attempts: 0, failing: false, trial: null, aside: false, error: null }
const soon = (t: Test, due: number | undefined, message = 'at once') => t.ok(Number(due) < 60, message)
const inAnHour = (t: Test, due: number | undefined, message = 'in an hour') => t.ok(Number(due) > 3_000 && Number(due) < 4_000, message)

test('what waits for collectors leaves its lane, together and in order, and what is behind it goes on', async (t) => {
  const shared = new Collecting(t)
  const inbox = await shared.open()
  t.equal(inbox.collects, true)
  await Promise.all(adds(inbox, ...['a1', 'a2', 'a3', 'a4'].map((id) => eventOf(id))))
  await settleAll(inbox, await inbox.claim(64), ({ events }) => {
    const [one, two, three] = events.map(({ seq }) => seq)
    return [ended(Number(one), collects(later(), { completed: ['x'] })), ended(Number(two)), ended(Number(three), collects(0, { completed: ['y'], error: 'of another listener' }))]
  })
  t.match(await shared.pending(), [
    { ...FRESH, lane: 'collect:a', completed: '{"completed":["x"]}' }, { ...FRESH, lane: 'collect:a', error: 'of another listener', completed: '{"completed":["y"]}' }, { lane: 'a' }
  ])
  soon(t, (await shared.row('collect:a'))?.due, 'with the first one that is due')
  const claims = await inbox.claim(64)
  t.same(ids(claims).sort(), ['a: a4 1', 'collect:a: a1 1 a3 1'])
  const burst = claims.find(({ lane }) => lane !== 'a')
  t.match(burst, { isFollowed: true, events: [{ collectedFrom: 'a', isAside: false, completed: ['x'] }, { collectedFrom: 'a', completed: ['y'] }] })
  t.match(claims.find(({ lane }) => lane === 'a'), { isFollowed: false, events: [{ collectedFrom: undefined }] })
  await settleAll(inbox, claims, each({}))
  t.same(await shared.lanes(), [])
  t.match(await inbox.stats(), { pending: 0, failing: 0, done: 4 })
})

test('what failed and stays, or leaves its lane, is behind what waits for collectors', async (t) => {
  const shared = new Collecting(t)
  const inbox = await shared.open()
  await Promise.all(adds(inbox, ...['a1', 'a2', 'b1', 'b2', 'b3'].map((id) => eventOf(id))))
  await settleAll(inbox, await inbox.claim(64), ({ lane, events }) => events.slice(0, 2).map(({ seq }, i) => ended(seq, i === 0 ? collects(later()) : fails(later(), { aside: lane === 'b', running: lane === 'a' }))))
  t.match(await shared.pending(), [
    { lane: 'collect:a', attempts: 0 }, { lane: 'a', attempts: 1, error: 'broken' }, { lane: 'collect:b', attempts: 0 }, { lane: 'aside:b2', attempts: 1, aside: true }, { lane: 'b', attempts: 0 }
  ])
  for (const lane of ['a', 'collect:a', 'collect:b', 'aside:b2']) inAnHour(t, (await shared.row(lane))?.due, lane)
  soon(t, (await shared.row('b'))?.due)
  t.match([await shared.row('a'), await shared.row('collect:a')], [{ held: true }, { held: false }])
  t.match(await inbox.stats(), { pending: 5, failing: 2 })
})

test('one that has failed, beside its lane or not, waits for collectors as if it never had, also behind those that came after it', async (t) => {
  const shared = new Collecting(t)
  const inbox = await shared.open()
  await Promise.all(adds(inbox, eventOf('a1'), eventOf('a2')))
  await settleAll(inbox, await inbox.claim(64), (claim) => each(fails(0, { aside: true }))(claim).slice(0, 1))
  await settleAll(inbox, await inbox.claim(64), ({ lane, events }) => lane === 'a' ? each(collects())({ lane, events }) : [])
  const claims = await inbox.claim(64)
  t.same(ids(claims).sort(), ['aside:a1: a1 2', 'collect:a: a2 1'])
  t.match(await inbox.get('a1'), { isAside: true, isCollected: false, attempts: 1 })
  await settleAll(inbox, claims, each(collects()))
  t.match(await shared.pending(), [{ ...FRESH, lane: 'collect:a' }, { ...FRESH, lane: 'collect:a' }])
  t.same(ids(await inbox.claim(64)), ['collect:a: a1 1 a2 1'])
  t.match(await inbox.get('a1'), { isAside: false, isCollected: true, attempts: 0 })
})

test('of a claim of events that wait for collectors several may wait on, each as what it is, and the lane as long as it is said', async (t) => {
  const shared = new Collecting(t)
  const inbox = await shared.waiting(['a1', 'a2', 'a3', 'a4'])
  const settle = async (dueAt: number | undefined, ...outcomes: ReadonlyArray<Partial<Outcome>>) => {
    await shared.makeDue('collect:a')
    const claim = held(await claimSoon(inbox, 1))
    await inbox.settle(claim, each(...outcomes)(claim).slice(0, outcomes.length), dueAt)
    await inbox.stats()
  }
  await settle(later(), collects(), fails(later(), { completed: ['y'] }), { state: 'dead' })
  inAnHour(t, (await shared.row('collect:a'))?.due)
  t.match(await shared.pending(), [{ ...FRESH }, { attempts: 1, error: 'broken', failing: true, aside: false, completed: '{"completed":["y"]}' }, { attempts: 0 }])
  t.match(await inbox.stats(), { pending: 3, failing: 1, dead: 1 })
  await settle(undefined, fails(later()), collects(0, { stays: true }))
  soon(t, (await shared.row('collect:a'))?.due, 'at once, for nothing is said')
  t.match(await shared.pending(), [{ attempts: 1 }, { attempts: 1, error: 'broken', failing: true, completed: '{"completed":[]}' }, { attempts: 0 }], 'what has failed, and stays, keeps that')
  await settle(later())
  inAnHour(t, (await shared.row('collect:a'))?.due, 'also if nothing has become of them')
  await settle(later(), fails(later(), { running: true }), fails(later()))
  t.match(await shared.row('collect:a'), { held: true }, 'a collector still runs')
  await settle(later(), {})
  t.match(await shared.row('collect:a'), { held: false })
  t.equal(await inbox.discard(['a2', 'a4']), 2)
  t.same(await shared.lanes(), [])
})

test('events that wait for collectors and leave their lane go together, and one may go back', async (t) => {
  const shared = new Collecting(t)
  const inbox = await shared.waiting(['a1', 'a2', 'a3'])
  const aside = fails(0, { aside: true })
  await settleAll(inbox, await inbox.claim(64), each({}, aside, aside))
  await settleAll(inbox, await inbox.claim(64), each({ ...aside, running: true }, aside))
  t.match(await shared.pending(), [{ lane: 'collect:aside:a2', attempts: 2, aside: true }, { lane: 'collect:aside:a2', attempts: 2, aside: true }])
  t.match(await shared.row('collect:aside:a2'), { held: true })
  t.match(await inbox.list(), [{ id: 'a3', isAside: true, isCollected: true }, { id: 'a2', lane: 'a', isAside: true, isCollected: true }, { id: 'a1', isAside: false, isCollected: false }])
  const burst = held(await inbox.claim(64))
  t.match(burst, { lane: 'collect:aside:a2', isFollowed: false, events: [{ id: 'a2', attempt: 3, isAside: true, collectedFrom: 'a' }, { id: 'a3' }] })
  await settleAll(inbox, [burst], each(collects()))
  t.match(await shared.pending(), [{ ...FRESH, lane: 'collect:a' }, { ...FRESH, lane: 'collect:a' }])
  t.match(await shared.lanes(), [{ lane: 'collect:a', held: false }])
})

test('a lane of events that wait for collectors is due with the first of them, unless its first one has failed', async (t) => {
  const shared = new Collecting(t)
  const inbox = await shared.waiting(['a1'], later())
  await shared.collect(inbox, ['a2'], Date.now() + 2 * 3_600_000)
  inAnHour(t, (await shared.row('collect:a'))?.due)
  await shared.collect(inbox, ['a3', 'a4'])
  t.match(await shared.row('collect:a'), { adds: '4' }, 'each of them counts')
  soon(t, (await shared.row('collect:a'))?.due)
  const claim = held(await inbox.claim(64))
  await inbox.settle(claim, each(fails(later(), { running: true }), collects(later()))(claim), later())
  await shared.collect(inbox, ['a5'])
  inAnHour(t, (await shared.row('collect:a'))?.due, 'it has failed')
  t.match(await shared.row('collect:a'), { held: true }, 'it still runs')
  await shared.makeDue('collect:a')
  t.same(ids(await inbox.claim(64)), ['collect:a: a1 2 a2 1 a3 1 a4 1 a5 1'])
})

test('one that comes before the one that has failed makes the lane due, and reserves it if nobody else has', async (t) => {
  const shared = new Collecting(t)
  const inbox = await shared.open()
  await Promise.all(adds(inbox, eventOf('a1'), eventOf('a2')))
  await settleAll(inbox, await inbox.claim(64), (claim) => each(fails(0, { aside: true }))(claim).slice(0, 1))
  const claims = await inbox.claim(64)
  const beside = claims.filter(({ lane }) => lane !== 'a')
  await settleAll(inbox, claims.filter(({ lane }) => lane === 'a'), each(collects()))
  const burst = held(await inbox.claim(64))
  await inbox.settle(burst, each(fails(later()))(burst), later())
  await inbox.stats()
  inAnHour(t, (await shared.row('collect:a'))?.due)
  await settleAll(inbox, beside, each(collects(0, { running: true })))
  soon(t, (await shared.row('collect:a'))?.due)
  t.match(await shared.row('collect:a'), { held: true })
  t.same(ids(await inbox.claim(64)), ['collect:a: a1 1 a2 2'])
})

test('what comes to a lane while that is claimed is not late, and not before one that has failed', async (t) => {
  const shared = new Collecting(t)
  const inbox = await shared.waiting(['a1'])
  const settle = async (names: string[], dueAt: number, ...outcomes: ReadonlyArray<Partial<Outcome>>) => {
    const claim = held(await claimSoon(inbox, 64))
    if (names.length > 0) await shared.collect(inbox, names, dueAt)
    t.ok(Number((await shared.row('collect:a'))?.due) > 30, 'it is leased')
    await inbox.settle(claim, each(...outcomes)(claim), later())
    await inbox.stats()
    return (await shared.row('collect:a'))?.due
  }
  soon(t, await settle(['a2'], 0, collects(later())), 'it is due')
  inAnHour(t, await settle([], 0, collects(later())), 'nothing has come')
  await shared.makeDue('collect:a')
  inAnHour(t, await settle(['a3'], Date.now() + 2 * 3_600_000, collects(later())), 'it is due later')
  await shared.makeDue('collect:a')
  inAnHour(t, await settle(['a4'], 0, fails(later()), collects(later())), 'what is before it has failed')
  await shared.makeDue('collect:a')
  const claim = held(await claimSoon(inbox, 64))
  await shared.collect(inbox, ['a5'], later())
  t.equal(await inbox.discard(['a1', 'a2', 'a3', 'a4', 'a5']), 5)
  await inbox.settle(claim, [], later())
  await inbox.stats()
  soon(t, (await shared.row('collect:a'))?.due, 'nothing is left to wait for')
  t.same(await inbox.claim(64), [])
  t.same(await shared.lanes(), [])
})
