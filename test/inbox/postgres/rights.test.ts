import Fastify from 'fastify'
import pg from 'pg'
import tap, { test } from 'tap'
import { postgresInbox } from '../../../lib/inbox/postgres/inbox.ts'
import { openInbox, openPool, postgresUrl, schemas } from '../../helpers/postgres.ts'
import { done, newEvent } from '../conformance.ts'

const url = await postgresUrl(tap)
const newSchema = schemas(tap, url)
const admin = openPool(tap, url)

const role = `oneroute_rights_${process.pid}`
const schema = newSchema()
const tables = pg.escapeIdentifier(schema)
const there = new URL(url)
there.username = role
there.password = 'password'

await (await openInbox(tap, { connectionString: url, schema })).close()
await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD 'password'; GRANT USAGE ON SCHEMA ${tables} TO ${role};
  REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA ${tables} FROM PUBLIC;
  CREATE TABLE ${tables}.of_the_app (); CREATE SEQUENCE ${tables}.also_of_the_app`)
tap.teardown(async () => { await admin.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`) })

/** All that an inbox needs. */
const ALL = `
  GRANT SELECT ON ${tables}.oneroute_webhooks_migrations TO ${role};
  GRANT SELECT, INSERT, UPDATE, DELETE ON ${['events', 'pending', 'finished', 'lanes', 'totals', 'epochs', 'completions'].map((table) => `${tables}.${table}`).join(', ')} TO ${role};
  GRANT USAGE ON SEQUENCE ${tables}.event_seq TO ${role};
  GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${tables} TO ${role}`

test('a role that lacks a right is refused at start, and each right that it lacks is named', async (t) => {
  for (const [revoked, missing] of [
    ['USAGE ON SEQUENCE $.event_seq', 'USAGE of the sequence event_seq'],
    ['INSERT ON $.events', 'INSERT on the table events'],
    ['SELECT ON $.epochs', 'SELECT on the table epochs'],
    ['INSERT, DELETE ON $.finished', 'INSERT, DELETE on the table finished'],
    ['UPDATE ON $.totals, $.lanes', 'UPDATE on the table lanes, UPDATE on the table totals'],
    ['EXECUTE ON FUNCTION $.recovering()', 'EXECUTE on the function recovering']
  ] as const) {
    await admin.query(ALL)
    await admin.query(`REVOKE ${revoked} FROM ${role}`.replaceAll('$', tables))
    const inbox = postgresInbox({ connectionString: there.href, schema })
    await t.rejects(async () => { await inbox.open({ log: Fastify().log, maxBacklog: 1, wake: () => {} }) },
      { code: 'FST_ONEROUTE_INBOX_UNUSABLE', message: `The inbox '${schema}' cannot be used: the role '${role}' lacks ${missing}` })
    await inbox.close()
  }
})

test('a role with these rights, and none on the tables of others, does all that an inbox does', async (t) => {
  await admin.query(ALL)
  const inbox = await openInbox(t, { connectionString: there.href, schema })
  t.equal(await inbox.add(newEvent('a', { id: 'a' })), 'accepted')
  const [held] = await inbox.claim(1)
  if (held !== undefined) await inbox.settle(held, done(held))
  t.equal(await inbox.replay(['a']), 1)
  t.equal(await inbox.forget('a'), 1)
})
