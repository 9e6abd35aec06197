import { test } from 'tap'
import { match } from '../../../lib/inbox/conformance/match.ts'

test('a value matches what is expected as far as that goes', async (t) => {
  const stored = { id: 'a', error: null, at: new Date(5), event: { name: 'b', list: [1, { more: true }] } }
  for (const expected of [{}, { id: 'a' }, { at: Date }, { at: new Date(5), error: null }, { event: { list: [1, {}] } }, { missing: undefined }, { event: { list: { 0: 1 } } }]) match(stored, expected)
  match([stored], [{ id: 'a' }])
  match(null, null)
  match(Object.assign(Object.create(null) as object, { a: 1 }), { a: 1 })
  t.pass()
})

test('and does not otherwise', async (t) => {
  const stored = { id: 'a', error: null, at: new Date(5), event: { name: 'b', list: [1, { more: true }] } }
  for (const expected of [{ id: 'b' }, { missing: 1 }, { error: {} }, { error: Date }, { at: new Date(6) }, { event: { list: [1] } }, { event: { list: { 0: 2 } } }, { event: { list: [1, {}, 2] } }, { event: [] }, [], null]) {
    t.throws(() => { match(stored, expected) }, { code: 'ERR_ASSERTION' }, JSON.stringify(expected))
  }
  t.throws(() => { match(undefined, { id: 'a' }) }, { code: 'ERR_ASSERTION' })
  t.throws(() => { match([stored, stored], [{ id: 'a' }]) }, { code: 'ERR_ASSERTION' })
})
