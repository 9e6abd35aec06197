import tap, { test } from 'tap'
import type { Claim, DeliveryRecord, Outcome } from '../../../index.ts'
import { lines, openPool, postgresUrl } from '../../helpers/postgres.ts'
import { claimSoon, failed, ids, Processes, settleAll } from '../../helpers/processes.ts'
import { adds, dead, newEvent } from '../conformance.ts'

const url = await postgresUrl(tap)
const admin = openPool(tap, url)

const HOUR = 3_600_000
const delivery: DeliveryRecord = { attempt: 2, startedAt: new Date(), duration: 1, completed: ['first'], failures: [] }
const allDone = ({ events }: Claim): Outcome[] => events.map(({ seq, attempt }) => ({
  seq, state: 'done', dueAt: null, completed: [], error: null, ...attempt > 1 && { delivery }
}))

test('what is done is done, also after the lease: nobody is warned, and what another process makes of it changes nothing', async (t) => {
  const processes = new Processes(t, admin, url)
  const { log, written } = lines()
  const [late, other] = [await processes.open({ log }), await processes.open({ log })]
  await Promise.all(adds(late, ...['a1', 'a2'].map((id) => newEvent('a', { id }))))
  const held = await late.claim(64)
  await processes.expire()
  const taken = await other.claim(64)
  t.same(ids(taken), ['a: a1 2'])
  await Promise.all(adds(late, newEvent('a', { id: 'a3' })))
  await settleAll(late, held, allDone)
  t.match(await late.list({ state: 'done' }), [{ id: 'a2', attempts: 1, error: null }, { id: 'a1', attempts: 1, error: null }], 'it was taken over in its first attempt')
  t.match(await late.stats(), { pending: 1, failing: 0, done: 2 })
  await settleAll(other, taken, (claim) => failed(claim, { dueAt: Date.now() + HOUR }))
  t.match(await other.get('a1'), { state: 'done', attempts: 1, deliveries: [] })
  t.match(await other.stats(), { pending: 1, done: 2 })
  t.same(ids(await other.claim(64)), ['a: a3 1'], 'what is behind it does not wait')
  t.same(written.filter(({ level }) => level === 40), [])
})

test('a later attempt that is done after its lease is recorded, too, and the lane ends with it', async (t) => {
  const processes = new Processes(t, admin, url)
  const [late, other] = [await processes.open(), await processes.open()]
  await late.add(newEvent('a', { id: 'a1' }))
  await settleAll(late, await late.claim(64), failed)
  const held = await late.claim(64)
  await processes.expire()
  const taken = await other.claim(64)
  t.same(ids(taken), ['a: a1 3'])
  await settleAll(late, held, allDone)
  t.match(await late.get('a1'), { state: 'done', attempts: 2, deliveries: [{ attempt: 2 }] })
  await settleAll(other, taken, dead)
  t.match(await other.get('a1'), { state: 'done', attempts: 2 })
  t.match(await other.stats(), { pending: 0, failing: 0, done: 1, dead: 0 })
  t.same(await other.claim(64), [])
  t.same(await processes.lanes(), [])
})

test('nothing else is recorded after the lease, and who has delivered in vain says so', async (t) => {
  const processes = new Processes(t, admin, url)
  const { log, written } = lines()
  const [late, other] = [await processes.open({ log }), await processes.open()]
  const lanes = ['done', 'failed', 'left', 'not begun']
  await Promise.all(adds(late, ...lanes.map((lane) => newEvent(lane, { id: `${lane} 1` }))))
  const held = await late.claim(64)
  await processes.expire()
  for (let claims = await other.claim(64), n = 0; n < 4; claims = await other.claim(64), n++) {
    await settleAll(other, claims, ids(claims)[0] === 'done: done 1 2' ? allDone : () => [])
  }
  const outcomes = (claim: Claim) => {
    if (claim.lane === 'not begun') return []
    return claim.lane === 'done' ? allDone(claim) : failed(claim, { aside: claim.lane === 'left' })
  }
  await settleAll(late, held, outcomes)
  t.match(await processes.lanes(), [{ lane: 'failed' }, { lane: 'left' }, { lane: 'not begun' }])
  t.match(await late.stats(), { pending: 3, done: 1, dead: 0 })
  t.match(await late.get('failed 1'), { error: /stood still/ })
  t.same((await processes.trials()).map((line) => line.slice(-2)), [' 1', ' 1', ' 1'])
  const warned = written.filter(({ level }) => level === 40).flatMap(({ webhooks }) => webhooks)
  t.same(warned.sort(), ['done 1', 'failed 1', 'left 1'], 'but not of what it did not deliver')
})

test('what became of an event that is gone is not counted, and holds up nothing', async (t) => {
  const processes = new Processes(t, admin, url)
  const { log, written } = lines()
  const inbox = await processes.open({ log })
  await Promise.all(adds(inbox, ...['a1', 'a2', 'b1', 'c1', 'd1'].map((id) => newEvent(id.charAt(0), { id }))))
  const claims = await inbox.claim(64)
  t.equal(await inbox.discard(['a1', 'b1', 'c1', 'd1']), 4)
  const outcomes: Record<string, (claim: Claim) => Outcome[]> = {
    a: (claim) => failed(claim, { dueAt: Date.now() + HOUR, running: true }), b: allDone, c: dead, d: (claim) => failed(claim, { aside: true })
  }
  await settleAll(inbox, claims, (claim) => outcomes[claim.lane]?.(claim) ?? [])
  t.match(await inbox.stats(), { pending: 1, failing: 0, done: 0, dead: 0 })
  t.same(ids(await inbox.claim(64)), ['a: a2 1'])
  t.same((await processes.lanes()).length, 1)
  t.same(written.filter(({ level }) => level === 40), [])
})

test('while a listener still runs, only its process may have the lane, and others a lease after it was due', async (t) => {
  const processes = new Processes(t, admin, url)
  const [inbox, other] = [await processes.open(), await processes.open()]
  await Promise.all(adds(inbox, ...['a1', 'a2'].map((id) => newEvent('a', { id }))))
  const still = (claim: Claim) => failed(claim, { running: true })
  await settleAll(inbox, await inbox.claim(64), still)
  t.same(await other.claim(64), [])
  const again = await inbox.claim(64)
  t.same(ids(again), ['a: a1 2 a2 1'])
  await settleAll(inbox, again, still)
  t.equal((await processes.open()).isRecovering, false, 'nothing has ended')
  t.same(await other.claim(64), [])
  await admin.query(`UPDATE ${processes.tables}.lanes SET due = now() - interval '60 s'`)
  t.same(ids(await claimSoon(other, 64)), ['a: a1 3 a2 1'], 'which is no take-over')
})

test('an event that leaves its lane while its listener still runs is reserved in its own', async (t) => {
  const processes = new Processes(t, admin, url)
  const [inbox, other] = [await processes.open(), await processes.open()]
  await Promise.all(adds(inbox, ...['a1', 'a2'].map((id) => newEvent('a', { id }))))
  await settleAll(inbox, await inbox.claim(64), (claim) => failed(claim, { running: true, aside: true }))
  t.same(ids(await other.claim(64)), ['a: a2 1'])
  t.match(await inbox.claim(64), [{ lane: 'aside:a1', events: [{ id: 'a1', attempt: 2, isAside: true }] }])
})

test('an event that has left its lane, was replayed into it and leaves it again finds the lane that it had', async (t) => {
  const processes = new Processes(t, admin, url)
  const inbox = await processes.open()
  await inbox.add(newEvent('a', { id: 'a1' }))
  const leave = async () => { await settleAll(inbox, await inbox.claim(64), (claim) => failed(claim, { aside: true })) }
  await leave()
  await admin.query(`UPDATE ${processes.tables}.pending SET lane = 'a', aside = false; UPDATE ${processes.tables}.lanes SET due = now() + interval '1 hour';
    INSERT INTO ${processes.tables}.lanes (epoch, lane, head, due, adds) SELECT epoch, 'a', 0, now(), 1 FROM ${processes.tables}.epochs`)
  const [held] = await inbox.claim(1)
  t.equal(held?.lane, 'a')
  if (held !== undefined) await settleAll(inbox, [held], (claim) => failed(claim, { aside: true }))
  t.same(ids(await inbox.claim(64)), ['aside:a1: a1 3'])
})

test('what is reserved for a listener that is at work is anybody\'s once its process has closed', async (t) => {
  const processes = new Processes(t, admin, url)
  const [closing, other] = [await processes.open(), await processes.open()]
  await closing.add(newEvent('a', { id: 'a1' }))
  await settleAll(closing, await closing.claim(64), (claim) => failed(claim, { running: true, dueAt: 0 }))
  await closing.stats()
  t.same(await other.claim(64), [], 'it is the first one\'s')
  await closing.close()
  t.same(ids(await claimSoon(other, 64)), ['a: a1 2'])
})
