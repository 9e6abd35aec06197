import { test } from 'tap'
import { postgresInbox } from '../../../lib/inbox/postgres/inbox.ts'
import type { PostgresInboxOptions } from '../../../lib/inbox/postgres/inbox.ts'

const connectionString = 'postgres://user:hunter2@localhost/events'

test('what the options may not be is refused at once, by name, and never shows where the database is', async (t) => {
  const wrong: Array<[options: object | undefined, message: RegExp]> = [
    [undefined, /options must be an object, got undefined/],
    [{}, /either `pool` or `connectionString`/],
    [{ connectionString, pool: {} }, /`pool` .* must be a Pool of the package pg, got object/],
    [{ connectionString, pool: undefined }, /either `pool` or `connectionString`/],
    [{ connectionString: undefined }, /`connectionString` .* must be a text such as .*, got undefined/],
    [{ connectionString: ' ' }, /`connectionString` .* got a blank string/],
    [{ connectionString: 'postgres:/app:hunter2@db/x' }, /`connectionString` .* \(in a password, '#' is written %23, .*\), got string$/],
    [{ connectionString: 'postgres://app:1#hunter2@db/x' }, /`connectionString` .*, got string$/],
    [{ connectionString, schema: connectionString }, /`schema` .*, got 'postgres:\/\/\*\*\*@localhost\/events' \(string\)$/],
    [{ connectionString: 5432 }, /`connectionString` .* got number/],
    [{ pool: undefined }, /`pool` .* must be a Pool of the package pg, got undefined/],
    [{ pool: connectionString }, /`pool` .* got string/],
    [{ connectionString, schema: '' }, /`schema` .* at most 63 bytes/],
    [{ connectionString, schema: 'é'.repeat(32) }, /`schema`/],
    [{ connectionString, schema: 'pg_mine' }, /`schema`/],
    [{ connectionString, schema: 'a$$b' }, /`schema`/],
    [{ connectionString, schema: 'a\0' }, /`schema`/],
    [{ connectionString, schema: '\ud800' }, /`schema`/],
    [{ connectionString, keep: -1 }, /`keep` .* 0 or more, got -1/],
    [{ connectionString, keepFailed: 0.5 }, /`keepFailed` .* 0 or more, got 0.5/],
    [{ connectionString, lease: 999 }, /`lease` .* 1000 .*, got 999/],
    [{ connectionString, url: 'a' }, /`url` is not one of postgresInbox's options: they are pool, connectionString, schema, keep, keepFailed, lease/]
  ]
  for (const [options, message] of wrong) {
    const create = () => postgresInbox(options as PostgresInboxOptions) // as JavaScript can
    t.throws(create, { code: 'FST_ONEROUTE_INVALID_OPTION', message }, message.source)
    try {
      create()
    } catch (error) {
      t.notMatch(String(error), 'hunter2')
    }
  }
})

test('an inbox opens nothing before the plugin does', async (t) => {
  const inbox = postgresInbox({ connectionString, schema: "it's \"mine\"", keep: 2 ** 40 })
  t.equal(inbox.durable, true)
  t.same(await inbox.claim(1), [])
  t.equal(inbox.settle({ lane: 'a', events: [] }, []), undefined)
  await t.rejects(async () => await inbox.stats(), { code: 'FST_ONEROUTE_CLOSING' })
})
