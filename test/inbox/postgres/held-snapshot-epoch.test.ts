import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { test } from 'tap'
import { idBytes } from '../../../lib/inbox/postgres/ids.ts'
import { lockOf } from '../../../lib/inbox/postgres/sql/epochs.ts'
import { NOTHING_SETTLED, admin, blocksOf, busy, holdSnapshot, newSchema, turnOf } from './helpers/held-snapshot.ts'

test('in an epoch that lasts, a look that begins where the last one has ended reads past nothing that is dead', async (t) => {
  await holdSnapshot(t)
  const tables = pg.escapeIdentifier(newSchema())
  const keeper = await admin.connect()
  t.teardown(() => { keeper.release(true) })
  await keeper.query(`SELECT pg_advisory_lock_shared(${lockOf(tables)})`) // no other epoch can begin
  await busy(t, tables.slice(1, -1))
  const client = await admin.connect()
  t.teardown(() => { client.release(true) })
  const claimed = async (number: number, since: string | null) => {
    await client.query(`SELECT ${tables}.add_events($1, '{job}', $2, '{0}', '{1}', '{NULL}', '{0}', '{2}', '{}'::text::bytea, 1000000)`, [[idBytes(`held ${number}`)], [`new lane ${number}`]])
    const read = await blocksOf(client, turnOf(tables), [randomUUID(), ...NOTHING_SETTLED, [], number, true, 10, 60_000, since, 0])
    t.equal((await admin.query(`SELECT FROM ${tables}.lanes WHERE claim = $1`, [number])).rowCount, 1)
    return read
  }
  const { rows: [clock] } = await admin.query<{ now: string }>('SELECT now()::text AS now')
  for (let number = 1; number < 7; number++) await claimed(number, null)
  const [whole, rest] = [await claimed(7, null), await claimed(8, clock?.now ?? null)]
  t.comment(JSON.stringify({ whole, rest }))
  t.ok(rest * 2 < whole, `${rest} blocks, and ${whole} from the beginning`)
})
