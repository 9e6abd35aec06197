import pg from 'pg'
import tap, { test } from 'tap'
import { openInbox, openPool, postgresUrl, schemas } from '../helpers/postgres.ts'
import { adds, newEvent } from '../inbox/conformance.ts'
import { cli } from './helpers.ts'

const url = await postgresUrl(tap)
const newSchema = schemas(tap, url)
const admin = openPool(tap, url)

test('what a PostgreSQL inbox counts is put right, and what was wrong is printed', async (t) => {
  const schema = newSchema()
  const tables = pg.escapeIdentifier(schema)
  const recount = async (...argv: string[]) => await cli(['inbox', 'recount', '--db', url, '--schema', schema, ...argv])
  const inbox = await openInbox(t, { connectionString: url, schema })
  await Promise.all(adds(inbox, ...['a', 'b', 'c', 'd', 'e'].map((lane) => newEvent(lane))))
  t.same(await recount(), { code: 0, stdout: 'nothing was wrong\n', stderr: '' })
  await admin.query(`DELETE FROM ${tables}.events WHERE lane = 'a'; DELETE FROM ${tables}.pending WHERE lane = 'b'; DELETE FROM ${tables}.lanes WHERE lane = 'c'`)
  t.same(await recount(), {
    code: 0,
    stdout: `pending  2 counted too many
dead     1 counted too few
1 row of events that are gone removed
1 event whose row in pending or finished is gone: dead now
1 lane with pending events that nobody would have delivered: due now
`,
    stderr: ''
  })
  await admin.query(`DELETE FROM ${tables}.events WHERE lane IN ('c', 'b'); DELETE FROM ${tables}.lanes`)
  t.match(await recount(), { stdout: /^2 rows of .*\n2 lanes with /m })
  await admin.query(`UPDATE ${tables}.totals SET invalid = 2 WHERE shard = 1`)
  t.match(await recount('--json'), { code: 0, stdout: '{"pending":0,"done":0,"dead":0,"invalid":-2,"removed":0,"stateless":0,"lanes":0}\n' })
  t.match(await inbox.stats(), { pending: 2, dead: 0, invalid: 0 })
})

test('what is not there is not counted', async (t) => {
  const schema = newSchema()
  t.match(await cli(['inbox', 'recount', '--db', url, '--schema', schema]), { code: 1, stdout: '', stderr: /there is no such inbox/ })
  t.match(await cli(['inbox', 'recount', '--db', 'postgres://ada:lace@127.0.0.1:1/x']), { code: 1, stdout: '', stderr: /ECONNREFUSED/ })
})
