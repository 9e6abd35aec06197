import { test } from 'tap'
import { Thread } from '../../../lib/inbox/sqlite/thread.ts'
import { temporaryFile, threads } from '../../helpers/sqlite.ts'

const nobody = { onChangeRequest: () => undefined, onPurgeFailed: () => {}, onEnd: () => {} }
const nothing = {
  kind: 'work' as const, now: 1, done: [], failed: [], givenBack: [], settledAt: 0, adds: { rows: [], bodies: new Uint8Array(0) }, calls: []
}

test('a thread answers in order, refuses what it cannot do, and ends when it is closed', async (t) => {
  const thread = new Thread(nobody)
  await t.rejects(thread.ask(nothing), /the store is not open/)
  const opening = thread.ask({ kind: 'open', path: temporaryFile(t), keep: 1, keepFailed: 1, maxBacklog: 1, held: [], again: false })
  t.match(await Promise.all([opening, thread.ask(nothing)]), [
    { kind: 'opened', file: String, nextDue: null, recovering: false, openToOthers: [] },
    { kind: 'done', added: [], results: [], nextDue: null }
  ])
  await t.rejects(thread.ask({ ...nothing, calls: [{ method: 'get', id: Symbol('no id') as never }] }), { name: 'DataCloneError' })
  t.match(await thread.ask({ ...nothing, calls: [{ method: 'stats' }] }), { results: [{ pending: 0 }] }, 'and nobody gets the answer of another')
  await Promise.all([thread.close(), thread.close()])
  await t.rejects(thread.ask(nothing), /has ended/)
})

test('what others write to all workers of a process is no request, and gets no answer', async (t) => {
  const workers = threads(t)
  const thread = new Thread(nobody)
  const opening = thread.ask({ kind: 'open', path: temporaryFile(t), keep: 1, keepFailed: 1, maxBacklog: 1, held: [], again: false })
  for (const worker of workers) for (const foreign of ['close', nothing, { 'watch:import': ['file:///app.js'] }, null]) worker.postMessage(foreign)
  t.match(await opening, { kind: 'opened' })
  t.match(await thread.ask({ ...nothing, calls: [{ method: 'stats' }] }), { results: [{ pending: 0 }] })
  t.equal(workers.length, 1)
  await thread.close()
})
