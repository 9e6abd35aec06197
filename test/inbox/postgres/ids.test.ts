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

/** Those of the ids that are in one of the ranges of a prefix, as the server compares them. */
function found (prefix: string, ids: readonly string[]): string[] {
  return ids.filter((id) => {
    const bytes = idBytes(id)
    return idRanges(prefix).some(({ first, last, length }) => first.compare(bytes) <= 0 && last.compare(bytes) >= 0 && (bytes.length === 32) === (length === '= 32'))
  })
}

test('the ids that begin with some characters are in their ranges, and no others', (t) => {
  const shas = [Buffer.alloc(32), Buffer.alloc(32, 255), Buffer.from('abcdef'.padEnd(32, 'x')), randomBytes(32)].map((bytes) => bytes.toString('base64url'))
  const texts = ['order 1', 'order 2', 'order', 'abcdef', 'é'.repeat(200), '\u{10ffff}'.repeat(20), shas.map((sha) => sha.slice(0, 10)).join('-')]
  const ids = [...shas, ...texts]
  const prefixes = ids.flatMap((id) => [0, 1, 2, 3, 4, 20, 42, 43].map((length) => id.slice(0, length).toWellFormed()))
  for (const prefix of [...prefixes, `${String(shas[0])}A`, 'AAAA=', 'AA AA', `${'A'.repeat(42)}B`, 'order 11']) {
    t.same(found(prefix, ids), ids.filter((id) => id.startsWith(prefix)), prefix)
  }
  t.end()
})
