import { existsSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'tap'
import type { Test } from 'tap'
import type { Inbox, Outcome } from '../../../index.ts'
import { requestChange } from '../../../lib/inbox/sqlite/request-change.ts'
import { untilEmpty } from '../../../lib/inbox/sqlite/store/write-ahead-log.ts'
import { claim, newEvent } from '../conformance.ts'
import { openInbox, temporaryFile } from '../../helpers/sqlite.ts'

const { signal } = new AbortController()
const LANE = 'conversation-of-Ada'
const TEXT = 'what Ada wrote'
const FAILURE = 'what Ada made go wrong'

/** How often the files of an inbox have any of these texts. */
function tracesIn (path: string, texts: readonly string[]): number {
  const files = [path, `${path}-wal`].filter((file) => existsSync(file)).map((file) => readFileSync(file).toString('latin1'))
  return files.reduce((sum, bytes) => sum + texts.reduce((sum, text) => sum + bytes.split(text).length - 1, 0), 0)
}

/** Events of Ada in every state, between many of others that have had the same ways. */
async function busyInbox (t: Test) {
  const path = temporaryFile(t)
  const inbox = await openInbox(t, { path })
  const ids: string[] = []
  const add = async (i: number) => {
    const isAdas = i % 9 === 0
    const id = `${isAdas ? 'Ada' : 'Bob'}-${String(i).padStart(6, '0')}-${'x'.repeat(20)}`
    if (isAdas) ids.push(id)
    const event = { event: 'newMessage', content: `${isAdas ? TEXT : 'anything'} ${'.'.repeat(i * 37 % 1_400)}` }
    const invalid = i % 36 === 0 ? { state: 'invalid', problems: [`${FAILURE}: ${TEXT}`] } as const : {}
    await inbox.add(newEvent(isAdas ? LANE : `other ${i % 7}`, { id, event, body: Buffer.from(JSON.stringify(event)), ...invalid }))
  }
  await Promise.all(Array.from({ length: 900 }, async (_, i) => { await add(i) }))
  for (let round = 0; round < 60; round++) await settleSome(inbox, round)
  await inbox.replay((await inbox.list({ state: 'done' })).map(({ id }) => id))
  await inbox.replay((await inbox.list({ state: 'dead' })).map(({ id }) => id).slice(0, 20))
  for (let round = 0; round < 20; round++) await settleSome(inbox, round)
  await inbox.discard((await inbox.list({ limit: 1_000 })).filter(({ lane, seq }) => lane !== LANE && seq % 5 === 0).map(({ id }) => id))
  const [held] = (await claim(inbox)).filter(({ lane }) => lane === LANE)
  return { path, inbox, ids, held, traces: () => tracesIn(path, [LANE, TEXT, FAILURE, ...ids]) }
}

async function settleSome (inbox: Inbox, round: number): Promise<void> {
  for (const held of await claim(inbox)) {
    await inbox.settle(held, held.events.slice(0, 1).map(({ seq, attempt }): Outcome => {
      const state = attempt > 2 || seq % 2 === 0 ? (['done', 'dead', 'invalid'] as const)[seq % 3] ?? 'done' : 'pending'
      const failures = [{ listener: 'listener', duration: 1, error: `${held.lane === LANE ? FAILURE : 'something else'} ${'.'.repeat(seq * 131 % 900)}` }]
      return {
        seq,
        state,
        dueAt: state === 'pending' ? 1 : null,
        aside: round % 5 === 0,
        completed: [],
        error: held.lane === LANE ? FAILURE : 'something else',
        delivery: { attempt, startedAt: new Date(), duration: 1, completed: [], failures }
      }
    }))
  }
}

test('of a forgotten conversation nothing is left in the file, nor in its log, nor in memory', async (t) => {
  const { inbox, held, traces, ids } = await busyInbox(t)
  t.ok(traces() > 100)
  t.ok(held)
  const { pending, done, dead, invalid } = await inbox.stats()
  t.ok(Math.min(pending, done, dead, invalid) > 0, 'there are some of each state')
  t.equal(await inbox.forget(LANE), ids.length)
  t.equal(traces(), 0)
  const after = await inbox.stats()
  t.equal(after.pending + after.done + after.dead + after.invalid, pending + done + dead + invalid - ids.length)
  for (const { events } of await claim(inbox)) for (const { id } of events) t.notOk(ids.includes(id))
})

test('somebody who reads the file for long is waited for, and nobody else waits', async (t) => {
  const { path, inbox, traces, ids } = await busyInbox(t)
  const reader = new DatabaseSync(path, { readOnly: true })
  t.teardown(() => { reader.close() })
  reader.exec('BEGIN')
  reader.prepare('SELECT count(*) FROM events').get()
  let isForgotten = false
  const forgetting = Promise.resolve(inbox.forget(LANE)).then((count) => {
    isForgotten = true
    return count
  })
  for (let i = 0; i < 20; i++) t.equal(await inbox.add(newEvent('other')), 'accepted')
  t.ok(traces() > 0, 'it reads them')
  t.equal(isForgotten, false)
  reader.exec('COMMIT')
  t.equal(await forgetting, ids.length)
  t.equal(traces(), 0)
})

test('who waits for it too long learns that the log still has them, and asks again', async (t) => {
  await t.rejects(untilEmpty(() => false, { patience: 1 }), /somebody reads the file/)
  const path = temporaryFile(t)
  const inbox = await openInbox(t, { path })
  await inbox.add(newEvent(LANE))
  await inbox.close()
  await t.rejects(async () => await inbox.forget(LANE), { code: 'FST_ONEROUTE_CLOSING' })
})

test('a conversation is forgotten while one event comes in after the other, here and beside', { timeout: 60_000 }, async (t) => {
  const path = temporaryFile(t)
  const inbox = await openInbox(t, { path })
  for (const lane of [LANE, 'a', LANE]) await inbox.add(newEvent(lane))
  const sender = new AbortController()
  let added = 0
  const sending = (async () => {
    for (; !sender.signal.aborted; added++) await inbox.add(newEvent(`lane ${added}`))
  })()
  t.equal(await inbox.forget(LANE), 2)
  t.equal(await requestChange(path, { action: 'forget', lane: 'a' }, signal), 1)
  sender.abort()
  await sending
  t.match(await inbox.stats(), { pending: added })
})

test('a conversation is forgotten while thousands of events come in at a time', { timeout: 60_000 }, async (t) => {
  const inbox = await openInbox(t, { path: temporaryFile(t) })
  await inbox.add(newEvent(LANE))
  const sender = new AbortController()
  const sending = Array.from({ length: 3_000 }, async (_, i) => {
    while (!sender.signal.aborted) await inbox.add(newEvent(`lane ${i}`))
  })
  t.equal(await inbox.forget(LANE), 1)
  sender.abort()
  await Promise.all(sending)
})

test('of a conversation of several batches all is forgotten, also from beside', async (t) => {
  const path = temporaryFile(t)
  const inbox = await openInbox(t, { path })
  for (const lane of [LANE, 'another', LANE]) await Promise.all(Array.from({ length: 1_000 }, async () => await inbox.add(newEvent(lane))))
  t.equal(await inbox.forget(LANE), 2_000)
  t.match(await inbox.stats(), { pending: 1_000 })
  t.equal(await inbox.forget('another'), 1_000, 'a batch that is full is the last one, too')
  t.equal(await inbox.forget('another'), 0)
  for (const lane of [LANE, 'another', LANE]) await Promise.all(Array.from({ length: 1_000 }, async () => await inbox.add(newEvent(lane))))
  t.equal(await requestChange(path, { action: 'forget', lane: LANE }, signal), 2_000)
  t.match(await inbox.stats(), { pending: 1_000 })
})

test('a file that cannot be written anew is told of, here and beside', async (t) => {
  const path = temporaryFile(t)
  const inbox = await openInbox(t, { path })
  await Promise.all([inbox.add(newEvent(LANE)), inbox.add(newEvent('b'))])
  const db = new DatabaseSync(path)
  t.teardown(() => { db.close() })
  db.function('unknown_here', { deterministic: true }, (value) => value)
  db.exec('CREATE TABLE foreign_table (a); INSERT INTO foreign_table VALUES (1); CREATE INDEX foreign_index ON foreign_table (unknown_here(a))')
  const error = await Promise.resolve(inbox.forget(LANE)).catch((error: unknown) => error)
  t.match(error, { code: 'FST_ONEROUTE_INBOX_UNAVAILABLE', cause: /unknown_here/ })
  t.match(await inbox.stats(), { pending: 1 }, 'its events are removed')
  await t.rejects(requestChange(path, { action: 'forget', lane: 'b' }, signal), /unknown_here/)
  db.exec('DROP TABLE foreign_table')
  t.equal(await inbox.forget(LANE), 0)
  t.equal(tracesIn(path, [LANE]), 0)
})

test('a conversation is forgotten from beside, whether somebody has the file or not, and however many change requests there are', async (t) => {
  const { path, inbox, traces, ids } = await busyInbox(t)
  const reader = new DatabaseSync(path, { readOnly: true })
  t.teardown(() => { reader.close() })
  reader.exec('BEGIN')
  reader.prepare('SELECT count(*) FROM events').get()
  const forgetting = Promise.all([requestChange(path, { action: 'forget', lane: LANE }, signal), requestChange(path, { action: 'forget', lane: 'other 1' }, signal)])
  for (let i = 0; i < 5; i++) t.equal(await inbox.add(newEvent('other')), 'accepted')
  while ((await inbox.list({ limit: 1_000 })).some(({ lane }) => lane === 'other 1')) await inbox.stats()
  reader.exec('COMMIT')
  const [count, others] = await forgetting
  t.equal(count, ids.length)
  t.ok(others > 0)
  t.equal(traces(), 0)
  t.equal(tracesIn(path, ['other 1']), 0)
  await inbox.close()
  t.ok(tracesIn(path, ['other 2']) > 0)
  t.ok(await requestChange(path, { action: 'forget', lane: 'other 2' }, signal) > 0)
  t.equal(tracesIn(path, ['other 2']), 0)
})

test('what is discarded from beside is not delivered, though memory has it', async (t) => {
  const path = temporaryFile(t)
  const inbox = await openInbox(t, { path })
  const [first, second] = [newEvent('a'), newEvent('a')]
  await Promise.all([inbox.add(first), inbox.add(second)])
  t.equal(await requestChange(path, { action: 'discard', ids: [first.id, 'unknown'], all: false }, signal), 1)
  t.match(await claim(inbox), [{ lane: 'a', events: [{ id: second.id }] }])
  t.match(await inbox.stats(), { pending: 1 })
})

test('an event that is discarded in the transaction that gives it out is not delivered', async (t) => {
  const path = temporaryFile(t)
  const first = await openInbox(t, { path })
  const events = [newEvent('a'), newEvent('a'), newEvent('b')]
  await Promise.all(events.map(async (event) => await first.add(event)))
  await first.close()
  const inbox = await openInbox(t, { path })
  const [claims, count] = await Promise.all([inbox.claim(10), inbox.discard([events[0]?.id ?? '', events[2]?.id ?? ''])])
  t.equal(count, 2)
  t.same(claims.flatMap(({ events }) => events).filter(({ isDiscarded }) => isDiscarded !== true).map(({ id }) => id), [events[1]?.id])
})
