import pg from 'pg'
import { test } from 'tap'
import { lines, openInbox } from '../../helpers/postgres.ts'
import { until } from '../../faults/helpers/until.ts'
import { admin, newSchema, url } from './helpers/migrate.ts'

test('a process that needs no migration waits for the tables that one has locked', async (t) => {
  const schema = newSchema()
  await (await openInbox(t, { connectionString: url, schema })).close()
  const migration = await admin.connect()
  await migration.query(`BEGIN; LOCK TABLE ${pg.escapeIdentifier(schema)}.lanes`)
  const { log, written } = lines()
  const opening = openInbox(t, { connectionString: url, schema }, { log })
  await until(() => written.length > 0) // the server gives up after its `lock_timeout`
  await migration.query('ROLLBACK')
  migration.release()
  await (await opening).close()
  t.match(written, [{ level: 30, schema, msg: /^the tables of the inbox are locked/ }])
})
