import { DatabaseSync } from 'node:sqlite'
import { test } from 'tap'
import { requestChange } from '../../../lib/inbox/sqlite/request-change.ts'
import { until } from '../../faults/helpers/until.ts'
import { openInbox, temporaryFile, threads } from '../../helpers/sqlite.ts'
import { adds, claim, done, newEvent } from '../conformance.ts'
import { ALL, afterEnd, attempts, ended, endedInBatch, endedWith, failed, isUp, openStore, shown, work } from './helpers/suspects.ts'

test('what was under way when the process ended is delivered one after the other, and all else beside it', async (t) => {
  const path = await ended(t)
  const inbox = await openInbox(t, { path })
  t.equal(inbox.isRecovering, true)
  await Promise.all(adds(inbox, newEvent('d', { id: 'd1' }), newEvent('a', { id: 'a3' })))
  const [fresh, suspect] = (await claim(inbox)).toSorted((x, y) => y.lane.localeCompare(x.lane))
  t.same(shown([fresh, suspect].filter((held) => held !== undefined)), ['d1 1', 'a1 1'])
  t.same(await claim(inbox), [])
  t.match(await attempts(inbox), { a1: 1, a2: 0, b1: 0, c1: 0 }, 'its attempt is noted')
  if (suspect !== undefined) await inbox.settle(suspect, done(suspect))
  const order: string[] = []
  for (let claims = await claim(inbox); claims.length > 0; claims = await claim(inbox)) {
    order.push(...shown(claims))
    t.ok(claims.length === 1 || claims.some(({ lane }) => lane === 'a'), 'only what is left of that lane is no suspect')
    for (const held of claims) await inbox.settle(held, done(held))
  }
  t.same(order.toSorted(), ['a2 1, a3 1', 'a3 1', 'b1 1', 'c1 1'])
  if (fresh !== undefined) await inbox.settle(fresh, done(fresh))
  t.match(await inbox.stats(), { pending: 0, done: 6 })
  t.match(await attempts(inbox), { a1: 1, a2: 1, b1: 1, c1: 1 })
  await inbox.close()
  t.equal((await openInbox(t, { path })).isRecovering, false, 'it was closed, and nothing is suspect')
})

test('one that ends the process has failed, and is delivered alone again', async (t) => {
  const before = await ended(t)
  t.same(shown(await claim(await openInbox(t, { path: before }))), ['a1 1'])
  const inbox = await openInbox(t, { path: afterEnd(t, before) })
  t.match(await attempts(inbox), { a1: 1, a2: 0 })
  const [interrupted] = await claim(inbox)
  t.same(shown([interrupted].filter((held) => held !== undefined)), ['a1 1 interrupted'])
  t.same(await claim(inbox), [], 'and no trial begins')
  if (interrupted !== undefined) await inbox.settle(interrupted, [])
  const [again] = await claim(inbox)
  t.match(again?.events, [{ id: 'a1', attempt: 1, interrupted: true }], 'given back, it is as it was')
  if (again !== undefined) await inbox.settle(again, failed(again, { aside: true }))
  const order: string[] = []
  for (let claims = await claim(inbox); claims.length > 0; claims = await claim(inbox)) {
    t.ok(claims.length === 1 || shown(claims).includes('a2 1'), 'which was behind it, and is no suspect')
    order.push(...shown(claims))
    for (const held of claims) await inbox.settle(held, done(held))
  }
  t.same(order.toSorted(), ['a1 2', 'a2 1', 'b1 1', 'c1 1'])
  t.match(await inbox.get('a1'), { lane: 'a', attempts: 2, state: 'done' })
})

test('one that fails without ending the process is no suspect any more, and one that is given back is one still', async (t) => {
  const path = temporaryFile(t)
  const first = await openInbox(t, { path })
  await Promise.all(adds(first, newEvent('a', { id: 'a1' })))
  const inbox = await openInbox(t, { path: afterEnd(t, path) })
  await Promise.all(adds(inbox, newEvent('a', { id: 'a2' })))
  for (const more of [[], [failed]]) {
    const [held] = await claim(inbox)
    t.match(held?.events, [{ id: 'a1', attempt: 1 }])
    t.equal(held?.events.length, 1)
    if (held !== undefined) await inbox.settle(held, more.flatMap((outcomes) => outcomes(held)))
    t.match(await attempts(inbox), { a1: 1 })
  }
  t.same(shown(await claim(inbox)), ['a1 2, a2 1'])
})

test('a close in the middle of a trial counts nothing, and forgets no suspect', async (t) => {
  const path = await ended(t)
  for (let starts = 0; starts < 2; starts++) {
    const inbox = await openInbox(t, { path })
    t.equal(inbox.isRecovering, true)
    t.equal((await claim(inbox)).length, 1)
    await inbox.close()
  }
  const inbox = await openInbox(t, { path })
  t.match(await attempts(inbox), { a1: 0, a2: 0, b1: 0, c1: 0 })
  t.notMatch(shown(await claim(inbox)), [/interrupted/])
})

test('a close that cannot be noted is none', async (t) => {
  const path = temporaryFile(t)
  const inbox = await openInbox(t, { path })
  const db = new DatabaseSync(path)
  db.exec("CREATE TRIGGER full BEFORE UPDATE OF clean ON totals BEGIN SELECT RAISE(ABORT, 'full'); END")
  await inbox.close()
  db.exec('DROP TRIGGER full')
  db.close()
  t.equal((await openInbox(t, { path })).isRecovering, true)
})

test('a thread that is started again has ended nothing: what is under way goes on, and no more is suspect', async (t) => {
  const path = await ended(t)
  const workers = threads(t)
  const inbox = await openInbox(t, { path })
  const restart = async () => {
    const count = workers.length
    await workers.at(-1)?.terminate()
    await until(() => workers.length > count)
    await until(async () => await isUp(inbox))
  }
  const [held] = await claim(inbox)
  await Promise.all(adds(inbox, newEvent('d', { id: 'd1' }), newEvent('d', { id: 'd2' })))
  await restart()
  t.match(await attempts(inbox), { a1: 1, b1: 0 })
  const [fresh, ...others] = await claim(inbox)
  t.same(shown(fresh === undefined ? [] : [fresh]), ['d1 1, d2 1'])
  t.same(others, [], 'the trial is under way still')
  if (held !== undefined) await inbox.settle(held, done(held))
  t.same(shown(await claim(inbox)).toSorted(), ['a2 1', 'b1 1'])
  t.match(await attempts(inbox), { a1: 1, b1: 1 })
})

test('a trial whose claim was lost with the thread has not begun', async (t) => {
  const path = await ended(t)
  t.match(work(openStore(t, { path, held: [] }), { method: 'claim', lanes: 64 }), [{ lane: 'a' }])
  const lost = openStore(t, { path: afterEnd(t, path), held: [], restarted: true })
  t.match(work(lost, { method: 'list', options: {} }), [{ attempts: 0 }, { attempts: 0 }, { attempts: 0 }, { id: 'a1', attempts: 0 }])
  t.match(work(lost, { method: 'claim', lanes: 64 }), { length: 1 })
  const kept = openStore(t, { path: afterEnd(t, path), held: ['a'], restarted: true })
  t.match(work(kept, { method: 'list', options: {} }), [{ attempts: 0 }, { attempts: 0 }, { attempts: 0 }, { id: 'a1', attempts: 1 }])
  t.match(work(kept, { method: 'claim', lanes: 64 }), { length: 0 })
})

test('who replays in a file that nobody has keeps what is suspect', async (t) => {
  const path = temporaryFile(t)
  const first = await openInbox(t, { path })
  await first.add(newEvent('e', { id: 'e1' }))
  for (const held of await claim(first)) await first.settle(held, done(held))
  await Promise.all(adds(first, ...['a1', 'b1'].map((id) => newEvent(id, { id }))))
  await first.stats()
  const left = afterEnd(t, path)
  t.equal(await requestChange(left, { action: 'replay', ids: ['e1'], all: false }, new AbortController().signal), 1)
  const inbox = await openInbox(t, { path: left })
  t.equal(inbox.isRecovering, true)
  t.same(shown(await claim(inbox)).toSorted(), ['a1 1', 'e1 1'])
  t.same(await claim(inbox), [])
})

test('of a lane that was under way the first event is suspect, and of others nothing', async (t) => {
  const path = temporaryFile(t)
  const first = await openInbox(t, { path })
  await Promise.all(adds(first, ...Array.from({ length: 20 }, (_, i) => newEvent('a', { id: `a${i}` })), newEvent('b', { id: 'b0' }), newEvent('b', { id: 'b1' })))
  await first.close()
  const second = await openInbox(t, { path })
  t.equal(second.isRecovering, false)
  t.match(await claim(second, 1), [{ lane: 'a', events: { length: 16 } }])
  const inbox = await openInbox(t, { path: afterEnd(t, path) })
  t.equal(inbox.isRecovering, true)
  const sizes: Record<string, number[]> = { a: [], b: [] }
  for (let claims = await claim(inbox); claims.length > 0; claims = await claim(inbox)) {
    for (const held of claims) {
      sizes[held.lane]?.push(held.events.length)
      await inbox.settle(held, held.events.map(({ seq }) => ({ seq, state: 'done', dueAt: null, completed: [], error: null })))
    }
  }
  t.same(sizes, { a: [1, 16, 3], b: [2] })
})

test('a close while several are on trial counts nothing', async (t) => {
  const path = await endedWith(t, 200)
  const first = await openInbox(t, { path })
  t.equal((await claim(first)).length, 4)
  await first.close()
  const second = await openInbox(t, { path })
  t.notOk((await second.list({ limit: 200 })).some(({ attempts }) => attempts > 0))
  t.equal((await claim(second)).length, 4, 'and nobody is a strong suspect')
  const { path: left } = await endedInBatch(t)
  for (let starts = 0; starts < 5; starts++) {
    const inbox = await openInbox(t, { path: left })
    const [held, ...others] = await claim(inbox, ALL)
    t.match(held?.events, [{ attempt: 1, interrupted: false }], 'a strong one is one still')
    t.same(others, [])
    await inbox.close()
  }
})
