import fc, { runs } from '../../helpers/property.ts'
import pg from 'pg'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import { patternOf } from '../../../lib/inbox/postgres/text-pattern.ts'
import { openPool, PostgresServer } from '../../helpers/postgres.ts'
import { cased, escaped, pairs } from '../json-writings.ts'
import type { Pair } from '../json-writings.ts'

// One of its own, for databases of other locales.
const { url } = await PostgresServer.create(tap)
const admin = openPool(tap, url)

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

const LOCALES = { c: "LOCALE 'C'", icu: "LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR' LOCALE 'C'" }

for (const [name, options] of Object.entries(LOCALES)) {
  test(`every letter is found in capitals or not, in a database of this locale: ${name}`, async (t) => {
    const client = await connect(t, name, options)
    const letters = cased().flatMap((letter): Pair[] => [
      [letter, letter], [letter.toLowerCase(), letter], [letter, letter.toLowerCase()], [letter.toLowerCase(), escaped(letter)], [letter, escaped(letter).toUpperCase().replaceAll('U', 'u')]
    ])
    t.ok(letters.length > 10_000)
    t.same(await missed(client, letters), [])
    t.same(await missed(client, [['a', 'b'], ['é', 'e'], ['a.b', 'axb'], ['1', '2'], ['x', '*']]), [['a', 'b'], ['é', 'e'], ['a.b', 'axb'], ['1', '2'], ['x', '*']])
  })
}

test('a mark behind white space is found, however the white space is written', async (t) => {
  const client = await connect(t, 'marks', LOCALES.c)
  const spaces = [' ', '\t', '\r', '\n\n', '\u00a0', '\u2028']
  t.same(await missed(client, spaces.flatMap((space): Pair[] => [JSON.stringify({ a: `x${space}\u0338y` }), `{"a":"${escaped(`x${space}\u0338y`)}"}`].map((json) => [`x${space}\u0338y`, json]))), [])
})

test('whatever is in a text or a number of a body is found there, however it is written', async (t) => {
  const client = await connect(t, 'properties', LOCALES.c)
  const property = fc.asyncProperty(fc.array(pairs, { minLength: 50, maxLength: 50 }), async (some) => {
    const left = await missed(client, some)
    if (left.length > 0) throw new Error(JSON.stringify(left))
  })
  await t.resolves(fc.assert(property, runs(40)))
})
