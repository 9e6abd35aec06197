import tap, { test } from 'tap'
import { LossyPool, openPool, postgresUrl } from '../../helpers/postgres.ts'
import { claimSoon, failed, ids, Processes, settleAll } from '../../helpers/processes.ts'
import { adds, newEvent } from '../conformance.ts'

const url = await postgresUrl(tap)
const admin = openPool(tap, url)

test('what was under way when a process ended is delivered alone, one event at a time, and everything else as usual', async (t) => {
  const processes = new Processes(t, admin, url)
  const [ended, one, other] = [await processes.open(), await processes.open(), await processes.open()]
  await Promise.all(adds(ended, ...['a1', 'a2', 'b1'].map((id) => newEvent(id.charAt(0), { id }))))
  t.equal((await ended.claim(64)).length, 2)
  await processes.expire()
  await Promise.all(adds(one, ...['c1', 'c2'].map((id) => newEvent('c', { id }))))
  const claims = await one.claim(64)
  await one.add(newEvent('a', { id: 'a3' }))
  t.same(ids(claims).sort(), ['a: a1 2', 'c: c1 1 c2 1'])
  t.match(await one.get('a1'), { attempts: 2, error: 'the process ended while it was being delivered, or stood still', state: 'pending' }, 'recorded before')
  t.match(await one.get('a2'), { attempts: 0, error: null })
  t.same(await processes.trials(), ['a1 1 1', 'a2 - 0', 'a3 - 0', 'b1 0 1', 'c1 - 0', 'c2 - 0'])
  t.same(await one.claim(64), [], 'it has one')
  await one.add(newEvent('d', { id: 'd1' }))
  t.same(ids(await one.claim(64)), ['d: d1 1'])
  const others = await other.claim(64)
  t.same(ids(others), ['b: b1 2'], 'so has another process')
  await settleAll(other, others)
  await settleAll(one, claims)
  t.same(ids(await one.claim(64)).sort(), ['a: a2 1 a3 1', 'c: c2 1'], 'and from there on as usual')
  t.match(await one.stats(), { pending: 4, done: 3 })
})

test('an event whose process ended twice is interrupted: it is counted as failed, stays suspect, and is dead in the end', async (t) => {
  const processes = new Processes(t, admin, url)
  const inbox = await processes.open()
  await Promise.all(adds(inbox, ...['a1', 'a2'].map((id) => newEvent('a', { id }))))
  const endWith = async () => {
    const ended = await processes.open()
    const claims = ids(await ended.claim(64))
    await processes.expire()
    return claims
  }
  t.same(await endWith(), ['a: a1 1 a2 1'])
  t.same(await endWith(), ['a: a1 2'])
  t.same(await endWith(), ['a: a1 2!'], 'a process that ends before it has recorded that')
  const interrupted = await inbox.claim(64)
  t.same(ids(interrupted), ['a: a1 2!'])
  t.match(await inbox.get('a1'), { attempts: 2 })
  await settleAll(inbox, interrupted, (claim) => failed(claim, { error: 'ended' }))
  t.match(await inbox.get('a1'), { attempts: 2, error: 'ended' })
  t.same(await processes.trials(), ['a1 0 2', 'a2 - 0'])
  t.same(await endWith(), ['a: a1 3'])
  const last = await inbox.claim(64)
  t.same(ids(last), ['a: a1 3!'])
  t.ok(Number(last[0]?.events[0]?.failingFor) >= 0)
  await settleAll(inbox, last, (claim) => failed(claim, { state: 'dead', dueAt: null }))
  t.match(await inbox.get('a1'), { state: 'dead', attempts: 3 })
  await settleAll(inbox, await inbox.claim(64))
  t.match(await inbox.stats(), { pending: 0, failing: 0, done: 1, dead: 1 })
  t.same(await inbox.claim(64), [])
  t.same(await processes.lanes(), [])
})

test('an interrupted event that leaves its lane is suspect in its own, and what was behind it goes on', async (t) => {
  const processes = new Processes(t, admin, url)
  const inbox = await processes.open()
  await Promise.all(adds(inbox, ...['a1', 'a2'].map((id) => newEvent('a', { id }))))
  for (let lives = 0; lives < 2; lives++) {
    await (await processes.open()).claim(64)
    await processes.expire()
  }
  await settleAll(inbox, await inbox.claim(64), (claim) => failed(claim, { aside: true, dueAt: Date.now() + 3_600_000 }))
  t.same(await processes.lanes(), [{ lane: 'a', suspect: false, held: false }, { lane: 'aside:a1', suspect: true, held: false }])
  const rest = await inbox.claim(64)
  t.same(ids(rest), ['a: a2 1'])
  await settleAll(inbox, rest)
  await admin.query(`UPDATE ${processes.tables}.lanes SET due = now()`)
  t.same(ids(await inbox.claim(64)), ['aside:a1: a1 3'])
  t.match(await inbox.get('a1'), { lane: 'a', attempts: 3 })
})

test('a lane of its own in which an event is still being delivered stays leased when the event leaves its lane again', async (t) => {
  const processes = new Processes(t, admin, url)
  const [late, other, inbox] = [await processes.open(), await processes.open(), await processes.open()]
  await late.add(newEvent('a', { id: 'a1' }))
  await settleAll(late, await late.claim(64), (claim) => failed(claim, { aside: true }))
  const held = await claimSoon(late, 64)
  t.same(ids(held), ['aside:a1: a1 2'])
  await processes.expire()
  const taken = await claimSoon(other, 64)
  t.same(ids(taken), ['aside:a1: a1 3'])
  await settleAll(late, held)
  t.equal(await inbox.replay(['a1']), 1)
  await settleAll(inbox, await claimSoon(inbox, 64), (claim) => failed(claim, { aside: true }))
  t.same(await processes.lanes(), [{ lane: 'aside:a1', suspect: true, held: true }])
  await settleAll(other, taken)
  t.same(ids(await claimSoon(inbox, 64)), ['aside:a1: a1 2'])
})

test('an event that fails while its process lives is suspect no more, and its lane is like any other', async (t) => {
  const processes = new Processes(t, admin, url)
  const [ended, inbox] = [await processes.open(), await processes.open()]
  await Promise.all(adds(ended, ...['a1', 'a2', 'a3', 'b1'].map((id) => newEvent(id.charAt(0), { id }))))
  await ended.claim(64)
  await processes.expire()
  await settleAll(inbox, await inbox.claim(1), failed)
  t.same(await processes.lanes(), [{ lane: 'a', suspect: false, held: false }, { lane: 'b', suspect: true, held: false }])
  const claims = await inbox.claim(64)
  t.same(ids(claims).sort(), ['a: a1 3 a2 1 a3 1', 'b: b1 2'], 'beside one that is suspect')
  await settleAll(inbox, claims)
  t.same(await processes.lanes(), [{ lane: 'a', suspect: false, held: false }])
  const next = await inbox.claim(64)
  t.same(ids(next), ['a: a2 1 a3 1'])
  t.same(await processes.trials(), ['a2 - 0', 'a3 - 0'])
  await settleAll(inbox, next, (claim) => failed(claim, { state: 'dead', dueAt: null }))
  t.same(ids(await inbox.claim(64)), ['a: a3 1'])
})

test('a process that stood still may get a lane once more that it is at work on, if another has found its lease run out', async (t) => {
  const processes = new Processes(t, admin, url)
  const [one, other] = [await processes.open(), await processes.open()]
  await Promise.all(adds(one, newEvent('a', { id: 'a1' }), newEvent('b', { id: 'b1' })))
  const held = await one.claim(64)
  await processes.expire()
  t.same(await one.claim(64), [], 'not by itself')
  const others = await other.claim(64)
  const again = await one.claim(64)
  t.same([...ids(others), ...ids(again)].sort(), ['a: a1 2', 'b: b1 2'], 'the attempt says that it was delivered before')
  for (const claim of held) await one.settle(claim, failed(claim))
  await settleAll(one, again, (claim) => failed(claim, { dueAt: Date.now() + 3_600_000 }))
  const isOthers = (lane: string) => lane === others[0]?.lane
  t.same(await processes.lanes(), ['a', 'b'].map((lane) => ({ lane, suspect: isOthers(lane), held: isOthers(lane) })), 'what is over, and what is not, are settled each as what it is')
  await settleAll(other, others)
  t.match(await one.stats(), { pending: 1, failing: 1, done: 1 })
})

test('a suspect event that is given back without an outcome is not counted', async (t) => {
  const processes = new Processes(t, admin, url)
  const [ended, closing, inbox] = [await processes.open(), await processes.open(), await processes.open()]
  await ended.add(newEvent('a', { id: 'a1' }))
  await ended.claim(64)
  await processes.expire()
  await settleAll(closing, await closing.claim(64), () => [])
  t.same(await processes.trials(), ['a1 0 1'])
  t.match(await inbox.get('a1'), { attempts: 1 })
  t.same(ids(await inbox.claim(64)), ['a: a1 2'])
})

test('what a process has claimed without having learnt of it is not suspect, nor is it counted', async (t) => {
  const processes = new Processes(t, admin, url)
  const lossy = new LossyPool(url)
  t.teardown(async () => { await lossy.end() })
  const [ended, inbox] = [await processes.open(), await processes.open({ pool: lossy })]
  const claimInVain = async () => {
    lossy.lose = 'turn('
    await t.rejects(async () => await inbox.claim(64), { code: 'FST_ONEROUTE_INBOX_UNAVAILABLE' })
  }
  await ended.add(newEvent('a', { id: 'a1' }))
  await ended.claim(64)
  await processes.expire()
  await claimInVain()
  t.same(await processes.trials(), ['a1 1 1'])
  const claims = await inbox.claim(64)
  t.same(ids(claims), ['a: a1 2'])
  await settleAll(inbox, claims)
  await inbox.add(newEvent('b', { id: 'b1' }))
  await claimInVain()
  t.same(ids(await inbox.claim(64)), ['b: b1 1'])
})

test('what the server gave this process after it had given up waiting is no take-over when it comes back', async (t) => {
  const processes = new Processes(t, admin, url)
  const [ended, inbox] = [await processes.open(), await processes.open()]
  await ended.add(newEvent('a', { id: 'a1' }))
  await ended.claim(64)
  await processes.expire()
  const held = await inbox.claim(64)
  t.same(ids(held), ['a: a1 2'])
  await admin.query(`UPDATE ${processes.tables}.lanes SET claim = claim + 1000, due = now()`) // as if it were of a claim that this process knows nothing of
  t.same(await inbox.claim(64), [], 'it has one suspect, as far as it knows')
  await settleAll(inbox, held, () => [])
  t.same(ids(await inbox.claim(64)), ['a: a1 2'], 'and is not interrupted')
})

test('a lane that has become suspect is usual again when what was suspect is done or gone', async (t) => {
  const processes = new Processes(t, admin, url)
  const [late, inbox] = [await processes.open(), await processes.open()]
  await Promise.all(adds(late, ...['a1', 'b1', 'c1'].map((id) => newEvent(id.charAt(0), { id }))))
  const held = await late.claim(64)
  await processes.expire()
  const first = await inbox.claim(64)
  t.equal(first.length, 1)
  await Promise.all(adds(late, ...['b2', 'b3'].map((id) => newEvent('b', { id }))))
  await settleAll(late, held.filter(({ lane }) => lane !== first[0]?.lane))
  await settleAll(inbox, first)
  t.same(ids(await inbox.claim(64)), ['b: b2 1 b3 1'])
  t.same(await processes.lanes(), [{ lane: 'b', suspect: false, held: true }])
})

test('lanes whose leases ran out take no place from those that are usual', async (t) => {
  const processes = new Processes(t, admin, url)
  const [ended, inbox] = [await processes.open(), await processes.open()]
  await Promise.all(adds(ended, ...['a1', 'b1', 'c1'].map((id) => newEvent(id.charAt(0), { id }))))
  await ended.claim(64)
  await processes.expire()
  await inbox.add(newEvent('d', { id: 'd1' }))
  t.same(ids(await inbox.claim(1)), ['d: d1 1'])
  t.same((await processes.lanes()).length, 4)
  t.equal((await inbox.claim(1)).length, 1, 'and the other way round')
  t.same(await inbox.claim(1), [])
})

test('a suspect event that is damaged is dead', async (t) => {
  const processes = new Processes(t, admin, url)
  const [ended, inbox] = [await processes.open(), await processes.open()]
  await ended.add(newEvent('a', { id: 'a1' }))
  await ended.claim(64)
  await processes.expire()
  await admin.query(`UPDATE ${processes.tables}.events SET body = '{'`)
  t.same(await inbox.claim(64), [])
  await inbox.stats()
  t.match(await inbox.stats(), { pending: 0, dead: 1 })
  t.same(await inbox.claim(64), [])
})
