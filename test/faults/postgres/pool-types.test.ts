import pg from 'pg'
import tap, { test } from 'tap'
import { openPool, postgresUrl } from '../../helpers/postgres.ts'
import { poolsOn } from '../helpers/pools.ts'

const url = await postgresUrl(tap)
const { doAll } = poolsOn(tap, url)

/** The package's own types know only the numbers that it has names for. */
interface Types {
  getTypeParser (oid: number): (value: string) => unknown
  setTypeParser (oid: number, parser: (value: string) => unknown): void
}

const global = pg.types as unknown as Types // as it is

test("what the app has told pg to make of the server's values changes nothing", async (t) => {
  const parsers = [16, 17, 20, 21, 23, 25, 701, 1005, 1009, 1016, 1114, 1184, 1700, 2950].map((oid) => ({ oid, parser: global.getTypeParser(oid) }))
  t.teardown(() => { for (const { oid, parser } of parsers) global.setTypeParser(oid, parser) })
  for (const { oid } of parsers) global.setTypeParser(oid, oid === 20 ? BigInt : () => { throw new Error(`a value of type ${oid}`) })
  await doAll(t, openPool(t, url))
  const types = { getTypeParser: () => () => { throw new Error('a value') } }
  await doAll(t, openPool(t, url, { types }))
})
