import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import type { Test } from 'tap'
import type { Operation } from '../recording.ts'
import { read } from '../recording.ts'
import { makeWorkplace } from '../workplace.ts'
import { Disk } from './disk.ts'
import { Expected } from './expected.ts'
import { digestOf, inspect, Unusable } from './inspect.ts'
import { problemsOf, traces } from './problems.ts'
import { Random } from './random.ts'
import { replay } from './replay.ts'
import { statesOf } from './states.ts'

// Made by `npm run power-loss -- --scenario creation --states 1 --restarts 0 --keep FOLDER`, which needs strace. It stays as it is: what an
// earlier release has left behind when the power failed has to be read by all that come after it.
const recording = read(fileURLToPath(new URL('../fixtures/creation.json.gz', import.meta.url)))

function workplace (t: Test): string {
  const folder = makeWorkplace()
  t.teardown(() => { rmSync(folder, { recursive: true }) })
  return folder
}

/** What is wrong at the end, for some state of the disk, if only these operations had any effect. */
function problemsAtTheEnd (t: Test, has: (operation: Operation) => boolean): Set<string> {
  const disk = new Disk([])
  const expected = new Expected()
  for (const operation of recording.operations) {
    if (has(operation)) disk.apply(operation)
    if (operation.kind === 'mark') expected.note(operation.mark)
  }
  const folder = workplace(t)
  return new Set([...statesOf(disk, new Random(1), 3)].flatMap(({ files }) => {
    try {
      const found = inspect(files, folder)
      return problemsOf(found, expected, new Set([found.contents])).map(({ kind }) => kind)
    } catch (error) {
      if (error instanceof Unusable) return [error.kind]
      throw error
    }
  }))
}

test('when the power fails while an inbox is created, opened and used, nothing is lost', async (t) => {
  // Before a sync there is most to be lost, and after it nothing. The command does it after each operation.
  const isCut = (next: Operation | undefined) => next === undefined || ['sync', 'syncFolder', 'mark'].includes(next.kind)
  const { prefixes, states, failures } = replay(recording, { random: new Random(1), most: 4, isCut, workplace: workplace(t) })
  t.same(failures, [])
  t.same({ prefixes, states }, { prefixes: 18, states: 95 })
})

test('an event is lost if a file is not synced, or its folder is not', async (t) => {
  t.same(problemsAtTheEnd(t, () => true), new Set())
  t.ok(problemsAtTheEnd(t, ({ kind }) => kind !== 'sync').has('lost'))
  t.ok(problemsAtTheEnd(t, ({ kind }) => kind !== 'syncFolder').has('lost'))
})

test('what is found is compared with what was answered', async (t) => {
  const expected = new Expected()
  const [a, b, c] = ['a', 'b', 'c'].map((id) => ({ id, lane: 'lane', body: `the body of ${id}: ${id.repeat(80)}` }))
  if (a === undefined || b === undefined || c === undefined) throw new Error('there are three')
  expected.note({ what: 'add', events: [a, b, c] })
  const found = ({ id, lane, body }: typeof a, seq: number, state: 'pending' | 'done' = 'pending') => ({ id, lane, seq, state, body: digestOf(body) })
  const kinds = (...events: Array<ReturnType<typeof found>>) => problemsOf({ contents: 'now', events }, expected, new Set(['now'])).map(({ kind }) => kind)
  t.same(kinds(), [], 'none was answered')
  t.same(kinds(found(a, 1)), [])
  for (const { id } of [a, b]) expected.note({ what: 'accepted', id })
  t.same(kinds(found(a, 1)), ['lost'])
  t.same(kinds(found(a, 2), found(b, 1)), ['out of order'])
  t.same(kinds(found(a, 1), found({ ...b, body: 'another' }, 2)), ['damaged'])
  t.same(kinds(found(a, 1), found(b, 2), found({ ...b, id: 'd' }, 3)), ['never posted'])
  t.same(kinds(found(a, 1, 'done'), found(b, 2)), ['in a wrong state'])
  expected.note({ what: 'settle', id: 'a', state: 'done' })
  t.same(kinds(found(a, 1, 'done'), found(b, 2)), [])
  t.same(kinds(found(a, 1), found(b, 2)), [])
  expected.note({ what: 'settled', id: 'a', state: 'done' })
  t.same(kinds(found(a, 1), found(b, 2)), ['in a wrong state'])
  expected.note({ what: 'removed', ids: ['a'] })
  t.same(kinds(found(a, 1), found(b, 2)), ['not gone'])
  t.same(problemsOf({ contents: 'now', events: [found(b, 2)] }, expected, new Set(['before'])).map(({ kind }) => kind), ['half of a transaction'])
})

test('an event that comes before one of those that were replayed together is out of order, in whichever order they are', async (t) => {
  const expected = new Expected()
  const events = ['a', 'b', 'c', 'd'].map((id) => ({ id, lane: 'lane', body: id }))
  expected.note({ what: 'add', events })
  expected.note({ what: 'accepted', id: 'a' })
  expected.note({ what: 'replayed', ids: ['b', 'c'] })
  expected.note({ what: 'accepted', id: 'd' })
  const kinds = (...ids: string[]) => {
    const found = ids.map((id, seq) => ({ id, lane: 'lane', seq, state: 'pending' as const, body: digestOf(id) }))
    return problemsOf({ contents: 'now', events: found.reverse() }, expected, new Set(['now'])).map(({ kind }) => kind)
  }
  t.same(kinds('a', 'b', 'c', 'd'), [])
  t.same(kinds('a', 'c', 'b', 'd'), [])
  t.same(kinds('b', 'a', 'c', 'd'), ['out of order'])
  t.same(kinds('a', 'b', 'd', 'c'), ['out of order'])
})

test('of what was forgotten, nothing may be left in any file', async (t) => {
  const expected = new Expected()
  const event = { id: 'the id of it', lane: 'lane', body: `{"event":"unheard","text":"${'what Ada wrote '.repeat(9)}"}` }
  expected.note({ what: 'add', events: [event] })
  const files = new Map([['inbox.db', Buffer.from('nothing')], ['inbox.db-wal', Buffer.from(`before${event.body}after`)]])
  t.same(traces(files, expected), [])
  expected.note({ what: 'forgotten', lane: 'lane' })
  t.same(traces(files, expected).map(({ kind }) => kind), ['not forgotten'])
})
