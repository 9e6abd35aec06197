import fc, { runs } from '../../helpers/property.ts'
import { test } from 'tap'
import { textCheckOf } from '../../../lib/inbox/sqlite/store/text-check.ts'
import { DAMAGED } from '../../../lib/inbox/sql/rows.ts'
import { cased, escaped, pairs } from '../json-writings.ts'
import type { Pair } from '../json-writings.ts'

const mayHave = ([text, written]: Pair) => textCheckOf(text)(written)

test('every letter is found in capitals or not', (t) => {
  const letters = cased().flatMap((letter): Pair[] => [[letter, letter], [letter.toLowerCase(), letter], [letter.toLowerCase(), escaped(letter)]])
  t.ok(letters.length > 5_000)
  t.same(letters.filter((pair) => !mayHave(pair)), [])
  t.end()
})

test('whatever is in a text or a number of a body is found there, however it is written', (t) => {
  t.doesNotThrow(() => { fc.assert(fc.property(pairs, mayHave), runs(5_000)) })
  t.end()
})

test('a body is not looked at closely if it has no text or number that may be what is wanted', (t) => {
  const body = JSON.stringify({ text: 'she said "no"\nand went', count: 1_000, at: '2026-11-26T07:18:58.000Z' })
  for (const text of ['neither', 'café', 'ΟΔΟΣ', '1001']) t.equal(mayHave([text, body]), false, text)
  for (const text of ['a/b', '"']) t.equal(mayHave([text, '{"text":"as it is"}']), text === '"', text)
  t.equal(mayHave(['SHE SAID', body]), true)
  t.equal(mayHave(['1000', body.replace('1000', '1e3')]), true)
  t.equal(mayHave(['Σ', JSON.stringify({ text: 'a\nΣ' })]), true)
  t.equal(mayHave(['\t\u0307', JSON.stringify({ text: '\t\u0307' })]), true, 'a mark behind the letter of an escape')
  t.equal(mayHave([DAMAGED.toUpperCase(), '{"not":"JSON']), true)
  t.end()
})
