import { test } from 'tap'
import type { Operation } from '../recording.ts'
import { Disk } from './disk.ts'
import type { ChangeOutcome, Torn } from './disk.ts'
import { Random } from './random.ts'
import { statesOf } from './states.ts'

const create = (name: string, file: number): Operation => ({ kind: 'create', name, file })
const write = (file: number, offset: number, text: string): Operation => ({ kind: 'write', file, offset, bytes: Buffer.from(text) })
const syncFolder: Operation = { kind: 'syncFolder' }

function diskWith (...operations: Operation[]): Disk {
  const disk = new Disk([])
  for (const operation of operations) disk.apply(operation)
  return disk
}

/** As text, by name. */
function after (disk: Disk, outcomes: readonly ChangeOutcome[] = []) {
  return Object.fromEntries([...disk.after(outcomes)].map(([name, content]) => [name, content.toString('latin1')]))
}

test('what is synced is there, and nothing else has to be', async (t) => {
  const disk = diskWith(create('a', 0), syncFolder, write(0, 0, 'one'), { kind: 'sync', file: 0 }, write(0, 3, 'two'))
  t.same(after(disk), { a: 'one' })
  t.same(after(disk, ['kept']), { a: 'onetwo' })
})

test('to sync a file syncs neither its name nor another file', async (t) => {
  const disk = diskWith(create('a', 0), create('b', 1), write(0, 0, 'one'), write(1, 0, 'two'), { kind: 'sync', file: 0 })
  t.same(after(disk), {})
  t.same(after(disk, ['kept', 'kept', 'lost']), { a: 'one', b: '' })
  disk.apply(syncFolder)
  t.same(after(disk), { a: 'one', b: '' })
})

test('a file that is removed may be there still, and another one may have its name', async (t) => {
  const disk = diskWith(create('a', 0), write(0, 0, 'one'), { kind: 'sync', file: 0 }, syncFolder, { kind: 'remove', name: 'a' }, create('a', 1))
  t.same(after(disk), { a: 'one' })
  t.same(after(disk, ['kept', 'lost']), {})
  t.same(after(disk, ['kept', 'kept']), { a: '' })
})

test('what is not synced is written in any order', async (t) => {
  const disk = diskWith(create('a', 0), syncFolder, write(0, 0, 'abc'), { kind: 'truncate', file: 0, length: 1 }, write(0, 2, 'z'))
  t.same(after(disk, ['kept', 'kept', 'kept']), { a: 'a\0z' })
  t.same(after(disk, ['kept', 'lost', 'kept']), { a: 'abz' })
  t.same(after(disk, ['lost', 'lost', 'kept']), { a: '\0\0z' })
  t.same(after(disk, ['lost', 'kept', 'lost']), { a: '\0' })
})

test('of a write, each sector can be there without the others', async (t) => {
  const disk = diskWith(create('a', 0), syncFolder, write(0, 510, 'ab' + 'c'.repeat(512) + 'd'))
  const torn = (kept: Torn['kept'], rest: Torn['rest'], sector: Torn['sector'] = 512) => after(disk, [{ sector, kept, rest }]).a
  t.equal(torn((n) => n === 0, 'nothing'), '\0'.repeat(510) + 'ab')
  t.equal(torn((n) => n === 2, 'nothing'), '\0'.repeat(1_024) + 'd')
  t.equal(torn((n) => n === 0, 'zeros'), '\0'.repeat(510) + 'ab' + '\0'.repeat(513))
  t.equal(torn((n) => n === 1, 'garbage'), '\xa5'.repeat(512) + 'c'.repeat(512) + '\xa5')
  t.equal(torn((n) => n === 0, 'nothing', 4096), after(disk, ['kept']).a)
})

test('each set of a few changes is tried, and the same states for the same seed', async (t) => {
  const disk = diskWith(create('a', 0), write(0, 0, 'a'), write(0, 1, 'b'), write(0, 2, 'c'))
  const states = (seed: number) => [...statesOf(disk, new Random(seed), 3)].map(({ about, files }) => ({ about, a: files.get('a')?.toString('latin1') }))
  const found = states(1)
  t.same(new Set(found.slice(0, 16).map(({ a }) => a)), new Set([undefined, '', 'a', '\0b', 'ab', '\0\0c', 'a\0c', '\0bc', 'abc']))
  t.equal(found.length, 16 + 6)
  t.same(states(1), found)
  t.notSame(states(2), found)
})
