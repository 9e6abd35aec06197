import fc from 'fast-check'
import pg from 'pg'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import { patternOf } from '../../../lib/inbox/postgres/text-pattern.ts'
import { openPool, PostgresServer } from '../../helpers/postgres.ts'

// One of its own, for databases of other locales.
const { url } = await PostgresServer.create(tap)
const admin = openPool(tap, url)

/** A text, and what has it. */
type Pair = [text: string, value: string]

/** A connection to a database that is made like this. */
async function connect (t: Test, name: string, options: string): Promise<pg.Client> {
  await admin.query(`CREATE DATABASE ${name} TEMPLATE template0 ${options}`)
  const client = new pg.Client(Object.assign(new URL(url), { pathname: `/${name}` }).href)
  await client.connect()
  t.teardown(async () => { await client.end() })
  return client
}

/** Those of the pairs whose pattern does not fit what has the text. */
async function missed (client: pg.Client, pairs: readonly Pair[]): Promise<Pair[]> {
  const { rows } = await client.query<{ n: string }>('SELECT n FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS p (pattern, value, n) WHERE NOT value COLLATE "C" ~ pattern', [
    pairs.map(([text]) => patternOf(text)), pairs.map(([, value]) => value)
  ])
  return rows.flatMap(({ n }) => pairs.slice(Number(n) - 1, Number(n)))
}

/** Every character that is another one in small letters, or in capitals. */
function cased (): string[] {
  const all = Array.from({ length: 0x20000 }, (_, code) => String.fromCodePoint(code)).filter((character) => character.isWellFormed())
  return all.filter((character) => character.toLowerCase() !== character || character.toUpperCase() !== character)
}

/** As JSON may be written: with any character by its number. */
function escaped (value: string): string {
  return value.replaceAll(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

const LOCALES = { c: "LOCALE 'C'", icu: "LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR' LOCALE 'C'" }

for (const [name, options] of Object.entries(LOCALES)) {
  test(`every letter is found in capitals or not, in a database of this locale: ${name}`, async (t) => {
    const client = await connect(t, name, options)
    const pairs = cased().flatMap((letter): Pair[] => [
      [letter, letter], [letter.toLowerCase(), letter], [letter, letter.toLowerCase()], [letter.toLowerCase(), escaped(letter)], [letter, escaped(letter).toUpperCase().replaceAll('U', 'u')]
    ])
    t.ok(pairs.length > 10_000)
    t.same(await missed(client, pairs), [])
    t.same(await missed(client, [['a', 'b'], ['é', 'e'], ['a.b', 'axb'], ['1', '2'], ['x', '*']]), [['a', 'b'], ['é', 'e'], ['a.b', 'axb'], ['1', '2'], ['x', '*']])
  })
}

test('whatever is in a text or a number of a body is found there, however it is written', async (t) => {
  const client = await connect(t, 'properties', LOCALES.c)
  const unit = fc.oneof(fc.constantFrom(...Array.from('aAiIkKsSßẞİıſσςΣéÉ"\\/*+?.^$|()[]{}-_#%&\n\t\b\f\r\0\u0307\u212a😀ب')), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), fc.constantFrom('\ud83d', '\ude00'))
  const text = fc.record({
    before: fc.string({ unit, maxLength: 3 }), wanted: fc.string({ unit, maxLength: 70 }), after: fc.string({ unit, maxLength: 3 }), capitals: fc.constantFrom('as is', 'large', 'small'), byNumber: fc.boolean()
  }).map(({ before, wanted, after, capitals, byNumber }): Pair => {
    const value = before + wanted + after
    const looked = capitals === 'as is' ? wanted : capitals === 'large' ? wanted.toUpperCase() : wanted.toLowerCase()
    return [looked, byNumber ? `{"a":"${escaped(value)}"}` : JSON.stringify({ a: value })]
  })
  const number = fc.record({ value: fc.oneof(fc.double(), fc.integer(), fc.bigInt().map(Number)).filter(Number.isFinite), way: fc.nat({ max: 4 }), from: fc.nat({ max: 5 }), length: fc.nat({ max: 8 }) })
    .map(({ value, way, from, length }): Pair => {
      const written = [String(value), value.toExponential(), value.toFixed(20), String(value).includes('e') ? String(value) : `${String(value)}e0`, value.toPrecision(30)][way] ?? ''
      return [String(JSON.parse(written)).slice(from, from + length), `{"a":${written}}`]
    })
  const fitting = fc.oneof(text, number).filter(([text, json]) => {
    const { a } = JSON.parse(json) as { a: string | number } // as it is made
    return String(a).toLowerCase().includes(text.toLowerCase())
  })
  const property = fc.asyncProperty(fc.array(fitting, { minLength: 50, maxLength: 50 }), async (pairs) => {
    const left = await missed(client, pairs)
    if (left.length > 0) throw new Error(JSON.stringify(left))
  })
  await t.resolves(fc.assert(property, { numRuns: 40 }))
})
