import { randomBytes } from 'node:crypto'
import { test } from 'tap'
import { idBytes, idOf, idRanges } from '../../../lib/inbox/postgres/ids.ts'

const idAgain = (id: string) => idOf(idBytes(id).toString('hex'))

test('an id is stored as the bytes that it stands for, and is itself again', (t) => {
  const bytes = Buffer.from([0, 255, ...randomBytes(28), 0, 0])
  t.same(idBytes(bytes.toString('base64url')), bytes)
  t.equal(idAgain(bytes.toString('base64url')), bytes.toString('base64url'))
  t.end()
})

test('whatever else is given for an id is itself again, and never the same as another', (t) => {
  const sha = Buffer.alloc(32).toString('base64url')
  // Of the last character of 43, two bits mean nothing: it would be the same bytes.
  const ids = ['', 'a', 'a1', sha, `${sha}=`, `${sha.slice(0, -1)}B`, sha.slice(1), `${sha}A`, 'A'.repeat(32), 'é'.repeat(16), 'é'.repeat(200), '+/'.repeat(20), '0'.repeat(33), '0'.repeat(34)]
  t.same(ids.map(idAgain), ids)
  t.equal(new Set(ids.map((id) => idBytes(id).toString('hex'))).size, ids.length)
  t.equal(idAgain('\0'), '\ufffd')
  t.equal(idBytes('x'.repeat(9_000)).equals(idBytes('x'.repeat(9_001))), false)
  t.ok(idBytes('x'.repeat(9_000)).length < 2_000, 'it fits into an index')
  t.end()
})

test('the ids that begin with some characters are between two, or between two others if they are texts', (t) => {
  for (const length of [0, 1, 2, 3, 4, 20, 42, 43]) {
    for (const bytes of [Buffer.alloc(32), Buffer.alloc(32, 255), randomBytes(32)]) {
      const prefix = bytes.toString('base64url').slice(0, length)
      const [[first, last] = []] = idRanges(prefix)
      t.ok(Number(first?.compare(bytes)) <= 0 && Number(last?.compare(bytes)) >= 0, prefix)
      t.equal(first?.length, 32)
      t.equal(last?.length, 32)
      if (length < 43) t.ok([first, last].every((end) => end?.toString('base64url').startsWith(prefix)), 'and no others')
    }
  }
  const isText = (id: string, prefix: string) => {
    const [, [first, last] = []] = idRanges(prefix)
    return Number(first?.compare(idBytes(id))) <= 0 && Number(last?.compare(idBytes(id))) >= 0
  }
  for (const id of ['order 1', 'é'.repeat(200), '\u{10ffff}'.repeat(20)]) for (const length of [1, 2, id.length]) t.ok(isText(id, id.slice(0, length).toWellFormed()) || !id.slice(0, length).isWellFormed())
  t.notOk(isText('order 1', 'order 2'))
  t.notOk(isText('order', 'order 1'))
  t.end()
})
