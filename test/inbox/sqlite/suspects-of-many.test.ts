import { test } from 'tap'
import type { ClaimedLane } from '../../../lib/inbox/sqlite/messages.ts'
import type { StoredRow } from '../../../lib/inbox/sql/rows.ts'
import { Store } from '../../../lib/inbox/sqlite/store/store.ts'
import { openInbox } from '../../helpers/sqlite.ts'
import { claim, dead, done, newEvent } from '../conformance.ts'
import { ALL, afterEnd, ended, endedInBatch, endedWith, failed, finish, openStore, shown, work } from './helpers/suspects.ts'

test('of far more suspect lanes than can have been under way, some are on trial at once', async (t) => {
  for (const [lanes, width] of [[64, 1], [65, 2], [200, 4]] as const) {
    const inbox = await openInbox(t, { path: await endedWith(t, lanes) })
    const sizes = await finish(inbox)
    t.same(sizes.slice(0, -1), sizes.slice(0, -1).map(() => width), `${lanes} lanes`)
    t.match(await inbox.stats(), { pending: 0, done: lanes })
  }
})

test('one that ends the process beside others is found, and these are counted nothing', async (t) => {
  const { path, batch } = await endedInBatch(t)
  const culprit = batch[1]
  const second = await openInbox(t, { path })
  t.notOk((await second.list({ limit: 200 })).some(({ attempts }) => attempts > 0))
  const tried: Array<string | undefined> = []
  while (tried.at(-1) !== culprit) {
    const claims = await claim(second, ALL)
    t.match(claims, { length: 1 }, 'alone')
    t.same(await claim(second), [], 'and nobody beside it')
    tried.push(claims[0]?.lane)
    for (const held of claims) if (held.lane !== culprit) await second.settle(held, done(held))
  }
  t.ok(tried.every((lane = '') => batch.includes(lane)), 'before all others')
  const third = await openInbox(t, { path: afterEnd(t, path) })
  const [interrupted, ...others] = await claim(third, ALL)
  t.match(interrupted, { lane: culprit, events: [{ attempt: 1, interrupted: true }] })
  t.same(others, [])
  if (interrupted !== undefined) await third.settle(interrupted, failed(interrupted, { dueAt: Date.now() + 3_600_000 }))
  const sizes = await finish(third)
  t.same(sizes.slice(0, 5), [...batch.slice(tried.length).map(() => 1), 4, 4, 4, 4].slice(0, 5), 'nobody waits for its next attempt')
  t.match(await third.stats(), { pending: 1, done: 199 })
})

test('one that has ended the process is tried with no other beside it, before the rest', async (t) => {
  const path = await endedWith(t, 200)
  t.match(await claim(await openInbox(t, { path }), 1), { length: 1 })
  const inbox = await openInbox(t, { path: afterEnd(t, path) })
  const claims = await claim(inbox, ALL)
  t.equal(claims.length, 4)
  for (const held of claims.toSorted((a, b) => Number(b.events[0]?.interrupted) - Number(a.events[0]?.interrupted))) {
    t.same(await claim(inbox, ALL), [], 'it waits for those that are on trial, and all others for it')
    await inbox.settle(held, held.events[0]?.interrupted === true ? failed(held) : done(held))
  }
  const [again, ...others] = await claim(inbox, ALL)
  t.match(again?.events, [{ attempt: 2 }])
  t.same(others, [])
  t.same(await claim(inbox, ALL), [])
  if (again !== undefined) await inbox.settle(again, dead(again))
  t.same(new Set(await finish(inbox)), new Set([4]))
  t.match(await inbox.stats(), { pending: 0, done: 199, dead: 1 })
})

test('nobody waits for a suspect that is removed', async (t) => {
  for (const remove of ['discard', 'forget'] as const) {
    const { path, batch } = await endedInBatch(t)
    const inbox = await openInbox(t, { path })
    const [held] = await claim(inbox, ALL)
    const others = batch.filter((lane) => lane !== held?.lane)
    if (held !== undefined) await inbox.settle(held, done(held))
    if (remove === 'discard') await inbox.discard(others)
    else for (const lane of others) await inbox.forget(lane)
    t.equal((await inbox.claim(ALL)).length, 4)
    await inbox.close()
  }
})

test('of several on trial, those that are under way go on when the thread is started again', async (t) => {
  const path = await endedWith(t, 200)
  const claimed = (store: Store) => (work(store, { method: 'claim', lanes: ALL }) as ClaimedLane[]).map(({ lane }) => lane) // the result of `claim`
  const lanes = claimed(openStore(t, { path, held: [] }))
  t.equal(lanes.length, 4)
  const held = lanes.slice(1)
  const store = openStore(t, { path: afterEnd(t, path), held, restarted: true })
  const listed = work(store, { method: 'list', options: { limit: 200 } }) as StoredRow[] // the result of `list`
  t.same(listed.filter(({ attempts }) => attempts > 0).map(({ lane }) => lane).toSorted(), held.toSorted())
  t.equal(claimed(store).length, 1)
})

test('what is behind a suspect that is removed waits for no trial', async (t) => {
  const inbox = await openInbox(t, { path: await ended(t) })
  await inbox.add(newEvent('b', { id: 'b2' }))
  t.same(shown(await claim(inbox)), ['a1 1'])
  t.same(await claim(inbox), [])
  await inbox.discard(['b1'])
  t.same(shown(await claim(inbox)), ['b2 1'])
})
