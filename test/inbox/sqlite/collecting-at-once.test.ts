import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { test } from 'tap'
import type { Claim, Inbox, NewEvent } from '../../../index.ts'
import { outcomes, WAITS } from '../../../lib/inbox/conformance/collecting-steps.ts'
import { MOST_COLLECTED } from '../../../lib/inbox/sql/next-lane.ts'
import { Admission } from '../../../lib/inbox/sqlite/lane-owner.ts'
import type { AddedRow } from '../../../lib/inbox/sqlite/messages.ts'
import { BLOCK } from '../../../lib/inbox/sqlite/store/blocks.ts'
import { turns } from '../../helpers/app.ts'
import { openInbox, temporaryFile, threads } from '../../helpers/sqlite.ts'
import { adds, claim, newEvent } from '../conformance.ts'
import { add, compare, count, forgottenOf, idOf, none, openStore } from './helpers/conversations.ts'
import { afterEnd, shown } from './helpers/suspects.ts'

const HOUR = 3_600_000

/** 'a1' is of the conversation 'a', and waits for collectors at once for so many milliseconds. */
const event = (id: string, collectAfter?: number, more: Partial<NewEvent> = {}) => newEvent(id.charAt(0), { id, collectAfter, ...more })
const idsOf = (claims: readonly Claim[]) => claims.map(({ lane, events }) => [lane, ...events.map(({ id }) => id)].join(' '))

async function claimOne (inbox: Inbox): Promise<Claim> {
  const [first, ...others] = await claim(inbox)
  if (first === undefined || others.length > 0) throw new Error(`these are claimed: ${idsOf(others).join(', ')}`)
  return first
}

/** What is said of events and lanes in a file; what says nothing is null. */
function rowsOf (path: string): Array<Record<string, unknown>> {
  const db = new DatabaseSync(path)
  const rows = [
    ...db.prepare(`SELECT seq, id, lane, name, state, received, attempts, due, finished, nullif(completed, '{"completed":[],"refused":[]}') AS completed, error, problems,
      nullif(deliveries, '') AS deliveries, since, home, trial FROM events ORDER BY seq`).all(),
    ...db.prepare('SELECT * FROM lanes ORDER BY lane').all()
  ]
  db.close()
  return rows.map((row) => ({ ...row }))
}

test('what is put there at once is stored as what has moved there', async (t) => {
  const receivedAt = Date.now() - 5
  const [direct, moved] = [temporaryFile(t), temporaryFile(t)]
  const events = (collectAfter?: number) => [event('a1', collectAfter, { receivedAt }), event('a2', collectAfter, { receivedAt: receivedAt + 1 }), event('b1', collectAfter, { receivedAt })]
  const one = await openInbox(t, { path: direct })
  t.same(await Promise.all(adds(one, ...events(HOUR))), ['accepted', 'accepted', 'accepted'])
  await one.close()
  const other = await openInbox(t, { path: moved })
  await Promise.all(adds(other, ...events()))
  for (const held of await claim(other)) {
    await other.settle(held, held.events.map(({ seq, receivedAt }) => ({ seq, state: 'pending', collects: true, dueAt: receivedAt + HOUR, completed: [], refused: [], error: null })))
  }
  await other.close()
  t.same(rowsOf(direct), rowsOf(moved))
  t.match(rowsOf(direct), [{ id: 'a1', lane: 'collect:a', home: 'a', due: receivedAt + HOUR }, { id: 'a2', due: receivedAt + 1 + HOUR }, {}, { lane: 'collect:a', due: receivedAt + HOUR }, { lane: 'collect:b' }])
})

test('what is behind as many events as are claimed at once makes their lane due no sooner', async (t) => {
  const inbox = await openInbox(t, { path: temporaryFile(t) })
  await Promise.all(adds(inbox, ...Array.from({ length: MOST_COLLECTED + 2 }, (_, i) => event(`a${i}`, 0))))
  const held = await claimOne(inbox)
  t.equal(held.events.length, MOST_COLLECTED)
  await inbox.settle(held, [], Date.now() + HOUR)
  t.same(await claim(inbox), [])
  await inbox.add(event('a', 0))
  t.equal((await claimOne(inbox)).events.length, MOST_COLLECTED, 'unless more comes')
})

test('what memory has of a lane, and what has not been written of it, comes before', async (t) => {
  const inbox = await openInbox(t, { path: temporaryFile(t) })
  await Promise.all(adds(inbox, event('a1'), event('a2', 0), event('b1', 0)))
  const claims = await claim(inbox)
  t.same(idsOf(claims).sort(), ['a a1 a2', 'collect:b b1'], 'a2 is of the same transaction as a1')
  const held = claims.find(({ lane }) => lane === 'a')
  await Promise.all(adds(inbox, event('a3', 0)))
  if (held !== undefined) await inbox.settle(held, outcomes(held, 'pending', { ...WAITS, dueAt: Date.now() + HOUR }))
  const behind = await claimOne(inbox)
  t.same(idsOf([behind]), ['a a3'], 'it has come in while a1 was at work')
  await inbox.settle(behind, outcomes(behind, 'pending', { ...WAITS, dueAt: Date.now() + HOUR }))
  const added = adds(inbox, event('a4', 0)) // with the transaction that records what became of a3
  await Promise.all(added)
  t.same(idsOf(await claim(inbox)), ['collect:a a1 a2 a3 a4'])
})

test('one that waits at once is no reason for what follows to do so', async (t) => {
  const inbox = await openInbox(t, { path: temporaryFile(t) })
  await Promise.all(adds(inbox, event('a1', 0), event('a2'), event('a3', 0), event('b1', 0), event('b2', 0)))
  const claims = await claim(inbox)
  t.same(idsOf(claims).sort(), ['a a2 a3', 'collect:a a1', 'collect:b b1 b2'])
})

test('a transaction that fails changes nothing of the order', async (t) => {
  const path = temporaryFile(t)
  const inbox = await openInbox(t, { path })
  await Promise.all(adds(inbox, event('a1')))
  const held = await claimOne(inbox)
  const db = new DatabaseSync(path)
  t.teardown(() => { db.close() })
  db.exec('PRAGMA busy_timeout = 5000; ALTER TABLE totals RENAME TO gone')
  await inbox.settle(held, outcomes(held, 'pending', WAITS))
  await t.rejects(async () => await inbox.add(event('a2', 0)), { code: 'FST_ONEROUTE_INBOX_UNAVAILABLE' })
  db.exec('ALTER TABLE gone RENAME TO totals')
  t.same(await Promise.all(adds(inbox, event('a2', 0))), ['accepted'])
  t.same(idsOf(await claim(inbox)), ['collect:a a1 a2'])
})

test('when the thread has started again, what memory is at work on comes before', async (t) => {
  const workers = threads(t)
  const inbox = await openInbox(t, { path: temporaryFile(t) })
  await Promise.all(adds(inbox, event('a1'), event('b1', HOUR), event('c1')))
  const [held, settled] = await claim(inbox)
  t.same([held, settled].map((claim) => claim?.lane), ['a', 'c'])
  await workers.at(-1)?.terminate()
  if (settled !== undefined) await inbox.settle(settled, outcomes(settled, 'pending', WAITS))
  const again = async (id: string): Promise<void> => {
    for (;;) {
      try {
        await inbox.add(event(id, 0))
        return
      } catch {
        await setTimeout(20)
      }
    }
  }
  for (const id of ['a2', 'b2', 'c2']) await again(id)
  if (held !== undefined) await inbox.settle(held, outcomes(held, 'pending', WAITS))
  const collected: string[] = []
  while (collected.length < 6) {
    for (const claim of await inbox.claim(64)) {
      const isBurst = claim.lane.startsWith('collect:')
      if (isBurst) collected.push(...claim.events.map(({ id }) => id))
      await inbox.settle(claim, isBurst ? outcomes(claim, 'done') : outcomes(claim, 'pending', WAITS))
    }
    await inbox.stats()
    await turns()
  }
  t.same(collected.toSorted((a, b) => a.charCodeAt(0) - b.charCodeAt(0)), ['a1', 'a2', 'b1', 'b2', 'c1', 'c2'])
})

test('what waits when the process is killed is no suspect, and does not come before what was under way', async (t) => {
  const path = temporaryFile(t)
  const inbox = await openInbox(t, { path })
  await Promise.all(adds(inbox, event('a1'), event('b1', HOUR), event('c1', HOUR)))
  await claim(inbox)
  const next = await openInbox(t, { path: afterEnd(t, path) })
  t.match(await next.get('c1'), { isCollected: true, attempts: 0 })
  await Promise.all(adds(next, event('a2', 0), event('c2', HOUR)))
  t.same((await next.list()).filter(({ isCollected }) => isCollected).map(({ id }) => id), ['c2', 'c1', 'b1'], 'a2 is behind a1')
  t.same(shown(await claim(next)), ['a1 1'], 'which is on trial')
})

test('of those that are put there at once, only the first of several equal ones is', async (t) => {
  const inbox = await openInbox(t, { path: temporaryFile(t) })
  t.same(await Promise.all(adds(inbox, event('a1', 0), event('a1', 0), event('a1'))), ['accepted', 'duplicate', 'duplicate'])
  t.same(idsOf(await claim(inbox)), ['collect:a a1'])
  t.match(await inbox.stats(), { pending: 1 })
})

test('what waits is found, and forgotten, by the conversation that it came in, also once that is in the index', (t) => {
  const path = temporaryFile(t)
  const store = openStore(path)
  const rows = ['one', 'two', 'one'].map((lane, i): AddedRow => [idOf(1_000_000 + i), 'newMessage', lane, Admission.stored, 1, null, 2, HOUR])
  store.run({ ...none, adds: { rows, bodies: Buffer.from('{}{}{}') } })
  for (let from = 1; from <= 2 * BLOCK; from += 2_048) add(store, from, 2_048)
  t.equal(count(path, 'conversations WHERE seq <= 3'), 3)
  compare(t, path, [{ conversation: 'one' }, { conversation: 'collect:one' }])
  t.equal(forgottenOf(store, 'one'), 2)
  compare(t, path, [{ conversation: 'one' }, { conversation: 'two' }])
  t.equal(count(path, "lanes WHERE lane = 'collect:one'"), 0)
  store.close()
  t.end()
})

test('what waits is stored once, also beside one that gives way in the same transaction', async (t) => {
  const inbox = await openInbox(t, { path: temporaryFile(t) })
  const answers = adds(inbox, event('a1', HOUR), event('b1', undefined, { state: 'invalid', problems: ['wrong'] }), event('b1', 0), event('a2', 0))
  t.same(await Promise.all(answers), ['accepted', 'accepted', 'accepted', 'accepted'])
  t.same(idsOf(await claim(inbox)).sort(), ['collect:a a1 a2', 'collect:b b1'])
})
