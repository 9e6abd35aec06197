import { rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import Fastify from 'fastify'
import { test } from 'tap'
import type { Test } from 'tap'
import type { LogLine } from '../../helpers/app.ts'
import { turns } from '../../helpers/app.ts'
import { openInbox, temporaryFile, threads } from '../../helpers/sqlite.ts'
import { adds, done, newEvent } from '../conformance.ts'

/** Somebody else who has the file open, and changes what they should not. */
function other (t: Test, path: string): DatabaseSync {
  const db = new DatabaseSync(path)
  t.teardown(() => { db.close() })
  db.exec('PRAGMA busy_timeout = 5000')
  return db
}

function logger () {
  const lines: LogLine[] = []
  const stream = { write: (line: string) => { lines.push(JSON.parse(line) as LogLine) } } // pino writes one object a line
  return { lines, log: Fastify({ logger: { stream } }).log }
}

test('what cannot be written is refused or written later, and the inbox works again once it can', async (t) => {
  const path = temporaryFile(t)
  const { lines, log } = logger()
  const inbox = await openInbox(t, { path }, { log })
  await Promise.all(adds(inbox, newEvent('a'), newEvent('b')))
  await turns()
  const [held, retried] = await inbox.claim(2)
  const db = other(t, path)
  db.exec('ALTER TABLE totals RENAME TO gone')
  if (held !== undefined) await inbox.settle(held, done(held))
  if (retried !== undefined) {
    await inbox.settle(retried, retried.events.map(({ seq }) => ({ seq, state: 'pending', dueAt: Date.now(), completed: [], error: 'broken' })))
  }
  await t.rejects(async () => await inbox.add(newEvent('c')), { code: 'FST_ONEROUTE_INBOX_UNAVAILABLE', cause: /no such table/ })
  await t.rejects(async () => await inbox.stats(), { code: 'FST_ONEROUTE_INBOX_UNAVAILABLE' })
  t.match(lines, [{ level: 50, msg: 'what became of events could not be stored: it is tried again' }])
  db.exec('ALTER TABLE gone RENAME TO totals')
  const states = db.prepare('SELECT state, attempts FROM events ORDER BY seq')
  while (Number(states.all()[0]?.state) !== 2) await setTimeout(10)
  t.match(states.all(), [{ state: 2, attempts: 1 }, { state: 1, attempts: 1 }], 'by itself')
  await inbox.stats() // and the inbox knows it, too
  t.match(await inbox.claim(2), [{ lane: 'b', events: [{ attempt: 2 }] }])
})

test('a lane of the store that cannot be asked for is left there, and those in memory are given out', async (t) => {
  const path = temporaryFile(t)
  const before = await openInbox(t, { path })
  await Promise.all(adds(before, newEvent('old')))
  await before.close()
  const inbox = await openInbox(t, { path })
  await Promise.all(adds(inbox, newEvent('new')))
  await turns()
  const db = other(t, path)
  db.exec('ALTER TABLE lanes RENAME TO gone')
  t.match(await inbox.claim(2), [{ lane: 'new' }])
  await t.rejects(async () => await inbox.claim(2), { code: 'FST_ONEROUTE_INBOX_UNAVAILABLE' })
  db.exec('ALTER TABLE gone RENAME TO lanes')
  t.match(await inbox.claim(2), [{ lane: 'old' }])
})

test('while the store cannot be asked nobody is woken again and again', async (t) => {
  const path = temporaryFile(t)
  const before = await openInbox(t, { path })
  await Promise.all(adds(before, newEvent('old')))
  await before.close()
  const woken = { times: 0 }
  const inbox = await openInbox(t, { path }, {
    wake: () => {
      woken.times++
      void Promise.resolve(inbox.claim(1)).catch(() => {})
    }
  })
  const db = other(t, path)
  db.exec("CREATE TRIGGER broken BEFORE UPDATE ON lanes BEGIN SELECT RAISE(ABORT, 'broken'); END")
  while (woken.times === 0) await turns()
  await setTimeout(100) // for thousands of them, if there were any
  t.ok(woken.times < 20, `${woken.times} times`)
  db.exec('DROP TRIGGER broken')
})

test('an event that is damaged in the file is dead, and keeps no other from being delivered', async (t) => {
  const path = temporaryFile(t)
  const { lines, log } = logger()
  const before = await openInbox(t, { path })
  await Promise.all(adds(before, newEvent('a', { id: 'ill' }), newEvent('b', { id: 'ill, too' }), newEvent('b', { id: 'well' }), newEvent('c')))
  await before.close()
  const db = other(t, path)
  db.exec("UPDATE bodies SET body = CAST('{ \"Ada' AS BLOB) WHERE seq <= 2")
  const inbox = await openInbox(t, { path }, { log })
  t.same((await inbox.claim(4)).map(({ lane, events }) => `${lane} ${events.length}`), ['b 1', 'c 1'])
  t.match(await inbox.stats(), { pending: 2, dead: 2 })
  t.same(await inbox.claim(4), [])
  t.match(lines, [{ level: 50, msg: 'an event that is damaged in the file is not delivered', webhook: 'ill' }, { webhook: 'ill, too' }])
  t.notMatch(JSON.stringify(lines), 'Ada')
})

test('that old events cannot be removed is logged, and tried again', async (t) => {
  const path = temporaryFile(t)
  const { lines, log } = logger()
  const inbox = await openInbox(t, { path, keep: 0 }, { log })
  await Promise.all(adds(inbox, newEvent('a')))
  await turns()
  const db = other(t, path)
  db.exec('ALTER TABLE bodies RENAME TO gone')
  for (const claim of await inbox.claim(1)) await inbox.settle(claim, done(claim))
  while (lines.length === 0) await setTimeout(10)
  t.match(lines, [{ level: 40, msg: 'old events could not be removed: it is tried again', err: { message: /no such table/ } }])
  db.exec('ALTER TABLE gone RENAME TO bodies')
  while ((await inbox.stats()).done > 0) await setTimeout(10)
})

test('an inbox that is closed while its thread cannot start again is closed', async (t) => {
  const path = temporaryFile(t)
  const workers = threads(t)
  const inbox = await openInbox(t, { path })
  await workers[0]?.terminate()
  rmSync(path)
  while (workers.length === 1) await setTimeout(1)
  await inbox.close()
  t.equal(workers[1]?.threadId, -1)
})

test('an inbox whose thread dies while it opens is not open', async (t) => {
  const workers = threads(t)
  const path = temporaryFile(t)
  const opening = openInbox(t, { path })
  await workers[0]?.terminate()
  await t.rejects(opening, { code: 'FST_ONEROUTE_INBOX_UNUSABLE', message: /thread .* has ended/ })
  await openInbox(t, { path })
})
