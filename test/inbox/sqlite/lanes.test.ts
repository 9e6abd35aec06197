import { setImmediate, setTimeout } from 'node:timers/promises'
import { test } from 'tap'
import type { Claim, Inbox, Outcome } from '../../../index.ts'
import { Alarm } from '../../../lib/inbox/sql/alarm.ts'
import { Deliveries } from '../../../lib/inbox/sqlite/deliveries.ts'
import { turns } from '../../helpers/app.ts'
import { openInbox, temporaryFile } from '../../helpers/sqlite.ts'
import { adds, newEvent } from '../conformance.ts'

const outcome = (seq: number, more: Partial<Outcome> = {}): Outcome => ({ seq, state: 'done', dueAt: null, completed: [], error: null, ...more })

async function settle (inbox: Inbox, claim: Claim): Promise<void> {
  await inbox.settle(claim, claim.events.map(({ seq }) => outcome(seq)))
}

/** Claims until nothing is pending, and returns the ids in the order of their delivery. */
async function drain (inbox: Inbox, lanes = 64): Promise<string[]> {
  const ids: string[] = []
  while ((await inbox.stats()).pending > 0) {
    for (const claim of await inbox.claim(lanes)) {
      ids.push(...claim.events.map(({ id }) => id))
      await settle(inbox, claim)
    }
  }
  return ids
}

test('events for which memory has no room are delivered as well, each lane in order', async (t) => {
  const inbox = await openInbox(t, { path: temporaryFile(t) })
  const events = Array.from({ length: 6_000 }, (_, i) => newEvent(`lane ${i % 7}`, { id: `many ${i}` }))
  await Promise.all(adds(inbox, ...events.slice(0, 3_000)))
  const [first] = await inbox.claim(1)
  await Promise.all(adds(inbox, ...events.slice(3_000)))
  const begun = first?.events.map(({ id }) => id) ?? []
  if (first !== undefined) await settle(inbox, first)
  const ids = [...begun, ...await drain(inbox)]
  t.equal(ids.length, 6_000)
  const wanted = Map.groupBy(events, ({ lane }) => lane)
  const got = Map.groupBy(ids, (id) => `lane ${Number(id.slice(5)) % 7}`)
  for (const [lane, events] of wanted) t.same(got.get(lane), events.map(({ id }) => id), lane)
  await Promise.all(adds(inbox, newEvent('lane 0', { id: 'later' })))
  await turns()
  t.match(await inbox.claim(1), [{ lane: 'lane 0', events: [{ id: 'later' }] }], 'and is in memory again')
})

test('what was replayed into a lane of which all else was discarded, before anything was claimed, does not wait for the next event', async (t) => {
  const woken = { times: 0 }
  const inbox = await openInbox(t, { path: temporaryFile(t) }, { wake: () => { woken.times++ } })
  const [live, invalid] = [newEvent('a'), newEvent('a', { id: 'invalid', state: 'invalid', problems: ['/message: Expected object'] })]
  await Promise.all([...adds(inbox, live, invalid), inbox.replay([invalid.id]), inbox.discard([live.id])])
  await turns()
  const { times } = woken
  t.same(await inbox.claim(64), [], 'memory has none of it')
  while (woken.times === times) await turns()
  t.match(await inbox.claim(64), [{ lane: 'a', events: [{ id: 'invalid' }] }])
})

test('a lane with thousands of events does not keep others waiting', async (t) => {
  const inbox = await openInbox(t, { path: temporaryFile(t) })
  await Promise.all(adds(inbox, ...Array.from({ length: 5_000 }, () => newEvent('busy'))))
  await Promise.all(adds(inbox, ...Array.from({ length: 10 }, (_, i) => newEvent(`quiet ${i}`))))
  const waiting = new Set(Array.from({ length: 10 }, (_, i) => `quiet ${i}`))
  let claims = 0
  for (; waiting.size > 0 && claims < 100; claims++) {
    for (const claim of await inbox.claim(2)) {
      waiting.delete(claim.lane)
      await settle(inbox, claim)
    }
    await inbox.stats()
  }
  t.ok(claims < 30, `all had their turn after ${claims} claims`)
})

test('lanes that wait for a retry keep nobody else waiting, and come back when they are due', async (t) => {
  const woken = { times: 0 }
  const inbox = await openInbox(t, { path: temporaryFile(t) }, { wake: () => { woken.times++ } })
  const ill = Array.from({ length: 3_000 }, (_, i) => newEvent(`ill ${i}`))
  await Promise.all(adds(inbox, ...ill))
  const dueAt = Date.now() + 3_600_000
  for (let failed = 0; failed < ill.length;) {
    for (const claim of await inbox.claim(64)) {
      await inbox.settle(claim, claim.events.map(({ seq }) => outcome(seq, { state: 'pending', dueAt, error: 'broken' })))
      failed++
    }
    await inbox.stats()
  }
  await Promise.all(adds(inbox, newEvent('well'), newEvent('ill 5', { id: 'behind' })))
  await turns()
  t.match(await inbox.claim(64), [{ lane: 'well' }])
  t.same(await inbox.claim(64), [], 'what came in for a lane that waits has to wait')
  t.match(await inbox.get('behind'), { state: 'pending', attempts: 0 })
  t.match(await inbox.get(ill[5]?.id ?? ''), { state: 'pending', attempts: 1, dueAt: new Date(dueAt), error: 'broken' })
})

test('with one lane at a time, what comes in all the time does not keep what waits in the store waiting', async (t) => {
  const path = temporaryFile(t)
  const before = await openInbox(t, { path })
  await Promise.all(adds(before, newEvent('old 1'), newEvent('old 2'), newEvent('old 3')))
  await before.close()
  const inbox = await openInbox(t, { path })
  const lanes: string[] = []
  while (lanes.filter((lane) => lane.startsWith('old')).length < 3 && lanes.length < 50) {
    await Promise.all(adds(inbox, newEvent(`new ${lanes.length}`), newEvent(`newer ${lanes.length}`)))
    await turns()
    for (const claim of await inbox.claim(1)) {
      lanes.push(claim.lane)
      await settle(inbox, claim)
    }
  }
  t.ok(lanes.length < 20, lanes.join(', '))
})

test('an event is replayed behind what its lane is busy with', async (t) => {
  const inbox = await openInbox(t, { path: temporaryFile(t) })
  await Promise.all(adds(inbox, newEvent('a', { id: 'first' })))
  await turns()
  for (const claim of await inbox.claim(1)) await settle(inbox, claim)
  await Promise.all(adds(inbox, newEvent('a', { id: 'second' })))
  await turns()
  const [held] = await inbox.claim(1)
  t.equal(await inbox.replay(['first', 'first', 'second']), 1)
  await Promise.all(adds(inbox, newEvent('a', { id: 'third' })))
  await turns()
  t.same(await inbox.claim(1), [])
  if (held !== undefined) await settle(inbox, held)
  t.same(await drain(inbox), ['first', 'third'])
})

test('thousands of events are replayed, each once', async (t) => {
  const inbox = await openInbox(t, { path: temporaryFile(t) })
  const events = Array.from({ length: 1_200 }, (_, i) => newEvent(`lane ${i}`))
  await Promise.all(adds(inbox, ...events))
  await drain(inbox)
  t.equal(await inbox.replay(events.map(({ id }) => id)), 1_200)
  t.match(await inbox.stats(), { pending: 1_200, done: 0 })
  t.equal(new Set(await drain(inbox)).size, 1_200)
})

test('whatever text a lane is, it comes back from the store as the same lane', async (t) => {
  const path = temporaryFile(t)
  const lanes = ['', 'a\0b', '\ud83d', '🙏', 'é'.repeat(50_000), "'; DROP TABLE lanes; --"]
  const before = await openInbox(t, { path })
  await Promise.all(adds(before, ...lanes.flatMap((lane) => [newEvent(lane), newEvent(lane)])))
  await before.close()
  const inbox = await openInbox(t, { path })
  const claims = await inbox.claim(64)
  t.equal(claims.length, lanes.length)
  for (const { events } of claims) t.equal(events.length, 2)
  for (const claim of claims) await settle(inbox, claim)
  t.match(await inbox.stats(), { pending: 0, done: 12 })
})

test('a body comes back from the store as it was, also one that begins with a byte order mark', async (t) => {
  const path = temporaryFile(t)
  const before = await openInbox(t, { path })
  const event = { event: 'newMessage', text: 'Ẁhat? 🙏 \ud83d \0 \u2028' }
  await Promise.all(adds(before, newEvent('a', { id: 'plain', event, body: Buffer.from(JSON.stringify(event)) }),
    newEvent('a', { id: 'marked', event, body: Buffer.from(`\ufeff${JSON.stringify(event)}`) })))
  await before.close()
  const inbox = await openInbox(t, { path })
  t.match(await inbox.claim(1), [{ events: [{ id: 'plain', event }, { id: 'marked', event }] }])
  t.strictSame((await inbox.get('marked'))?.event, event)
})

test('also of events that come in all at once memory holds a part only', async (t) => {
  const inbox = await openInbox(t, { path: temporaryFile(t) })
  const events = Array.from({ length: 3_000 }, (_, i) => newEvent(i % 2 === 0 ? 'one' : `lane ${i}`, { id: `at once ${i}` }))
  await Promise.all(adds(inbox, ...events))
  const ids: string[] = []
  let most = 0
  while ((await inbox.stats()).pending > 0) {
    for (const claim of await inbox.claim(64)) {
      most = Math.max(most, claim.events.length)
      if (claim.lane === 'one') ids.push(...claim.events.map(({ id }) => id))
      await settle(inbox, claim)
    }
  }
  t.equal(most, 64)
  t.same(ids, events.filter(({ lane }) => lane === 'one').map(({ id }) => id))
})

test('a time that is none is taken for one', async (t) => {
  const inbox = await openInbox(t, { path: temporaryFile(t) })
  await Promise.all(adds(inbox, newEvent('a'), newEvent('b'), newEvent('c')))
  await turns()
  const times = [1.5, -7, Infinity]
  for (const [i, claim] of (await inbox.claim(3)).entries()) {
    await inbox.settle(claim, claim.events.map(({ seq }) => outcome(seq, { state: 'pending', dueAt: times[i] ?? 0 })))
  }
  t.match(await inbox.stats(), { pending: 3 })
  t.match(new Set((await inbox.claim(3)).map(({ lane }) => lane)), new Set(['a', 'b']))
})

test('what waits to be written is bounded', async (t) => {
  const inbox = await openInbox(t, { path: temporaryFile(t) })
  const body = Buffer.alloc(1_048_576, ' ')
  const added = await Promise.allSettled(adds(inbox, ...Array.from({ length: 66 }, () => newEvent('a', { body }))))
  t.same(added.map(({ status }) => status).slice(62), ['fulfilled', 'fulfilled', 'rejected', 'rejected'])
  t.match(added[65], { reason: { code: 'FST_ONEROUTE_BACKLOG_FULL' } })
  t.equal(await inbox.add(newEvent('a')), 'accepted')
})

test('an inbox is opened once at a time, and is closed as often as one likes', async (t) => {
  const path = temporaryFile(t)
  const inbox = await openInbox(t, { path })
  await t.rejects(openInbox(t, { path, wait: 0 }), { code: 'FST_ONEROUTE_INBOX_LOCKED', message: `The inbox '${path}' is in use` })
  await t.rejects(async () => { await inbox.open({ log: console as never, maxBacklog: 1, wake: () => {} }) }, { code: 'FST_ONEROUTE_INBOX_LOCKED' })
  await Promise.all(adds(inbox, newEvent('a')))
  await Promise.all([inbox.close(), inbox.close()])
  await t.rejects(async () => await inbox.stats(), { code: 'FST_ONEROUTE_CLOSING' })
  t.same(await inbox.claim(1), [])
  await inbox.settle({ lane: 'a', events: [] }, [])
  const again = await openInbox(t, { path })
  t.match(await again.claim(1), [{ lane: 'a' }])
})

test('a claim that is settled twice counts once', async (t) => {
  const inbox = await openInbox(t, { path: temporaryFile(t) })
  await Promise.all(adds(inbox, newEvent('a')))
  await turns()
  for (const claim of await inbox.claim(1)) {
    await settle(inbox, claim)
    await inbox.settle(claim, claim.events.map(({ seq }) => outcome(seq, { state: 'dead' })))
  }
  t.match(await inbox.stats(), { pending: 0, done: 1, dead: 0 })
})

test('an event that is to be tried again at no certain time is tried again at once', async (t) => {
  const inbox = await openInbox(t, { path: temporaryFile(t) })
  await Promise.all(adds(inbox, newEvent('a')))
  await turns()
  for (const claim of await inbox.claim(1)) await inbox.settle(claim, claim.events.map(({ seq }) => outcome(seq, { state: 'pending' })))
  await inbox.stats()
  t.match(await inbox.claim(1), [{ lane: 'a', events: [{ attempt: 2 }] }])
})

test('an alarm takes more time than a timer of Node does', async (t) => {
  const warnings: Error[] = []
  const note = (warning: Error) => { warnings.push(warning) }
  process.on('warning', note)
  t.teardown(() => { process.off('warning', note) })
  const rung = { times: 0 }
  const alarm = new Alarm(() => { rung.times++ })
  alarm.set(Date.now() + 2 ** 32)
  await setTimeout(5)
  t.equal(rung.times, 0)
  t.same(warnings, [])
  alarm.set(Date.now() + 5)
  while (rung.times === 0) await setTimeout(1)
  t.ok(alarm.isDue)
  alarm.clear()
  t.notOk(alarm.isDue)
})

test('a lane does not wait for the retry of an event that was removed when it had just failed', (t) => {
  const lanes = new Deliveries()
  for (const seq of [1, 2]) lanes.push('a', { seq, id: `${seq}`, name: 'newMessage', event: { event: 'newMessage' }, receivedAt: 1, attempt: 1, completed: [], problems: null, home: null, size: 2 })
  const [claimed] = lanes.claim(1)
  if (claimed !== undefined) lanes.settle(claimed, [outcome(1, { state: 'pending', dueAt: 1_000, error: 'broken' })])
  lanes.discard([{ lane: 'a', seq: 1 }])
  t.same(lanes.giveBack(), [{ lane: 'a', due: 'ready', seqs: [2] }])
  t.end()
})

test('what is on its way to those that wait for collectors is told of while they are claimed', async (t) => {
  const inbox = await openInbox(t, { path: temporaryFile(t) })
  const collects = (claim: Claim | undefined) => claim && inbox.settle(claim, claim.events.map(({ seq }) => outcome(seq, { state: 'pending', collects: true, dueAt: 1 })))
  await Promise.all(adds(inbox, newEvent('a')))
  const [first] = await inbox.claim(1)
  await collects(first)
  await inbox.stats() // it is written
  await Promise.all(adds(inbox, newEvent('a')))
  const [second] = await inbox.claim(1)
  t.equal(second?.lane, 'a')
  const claiming = inbox.claim(1)
  await setImmediate() // the store is asked
  await collects(second)
  const [burst] = await claiming
  t.equal(burst?.lane, 'collect:a')
  t.ok(burst?.isFollowed === true || burst?.events.length === 2)
})

test('an event that leaves its lane can be taken at once if it has no time, and nothing leaves that was removed', async (t) => {
  const inbox = await openInbox(t, { path: temporaryFile(t) })
  await Promise.all(adds(inbox, newEvent('a', { id: 'first' }), newEvent('a', { id: 'second' }), newEvent('b', { id: 'gone' })))
  const aside = (claim: Claim | undefined) => claim?.events.slice(0, 1).map(({ seq }) => outcome(seq, { state: 'pending', aside: true, error: 'broken' })) ?? []
  const claims = await inbox.claim(2)
  await inbox.discard(['gone'])
  for (const claim of claims) await inbox.settle(claim, aside(claim))
  await inbox.stats()
  const next = [...await inbox.claim(4), ...await inbox.claim(4)]
  t.same(next.map(({ events }) => events.map(({ id }) => id)).sort(), [['first'], ['second']])
})

test('what begins to wait for collectors by a clock that is set back before it is written does not wait by the old one', async (t) => {
  const { now } = Date
  t.teardown(() => { Date.now = now })
  const inbox = await openInbox(t, { path: temporaryFile(t) })
  await Promise.all(adds(inbox, newEvent('a')))
  const [claim] = await inbox.claim(1)
  Date.now = () => now() + 3_600_000
  await inbox.settle(claim as Claim, [outcome(Number(claim?.events[0]?.seq), { state: 'pending', collects: true, dueAt: Date.now() + 2_000 })])
  Date.now = now
  let claims = await inbox.claim(1)
  while (claims.length === 0) {
    await turns()
    claims = await inbox.claim(1)
  }
  t.match(claims, [{ lane: 'collect:a', events: [{ attempt: 1, collectedFrom: 'a' }] }])
})
