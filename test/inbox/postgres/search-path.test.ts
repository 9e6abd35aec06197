import tap, { test } from 'tap'
import { createApp, message } from '../../helpers/app.ts'
import { openInbox, openPool, postgresUrl, schemas } from '../../helpers/postgres.ts'
import { until } from '../../faults/helpers/until.ts'
import { postgresInbox } from '../../../lib/inbox/postgres/inbox.ts'
import { cli } from '../../cli/helpers.ts'

const url = await postgresUrl(tap)
const newSchema = schemas(tap, url)
const admin = openPool(tap, url)

test('every function has a search path of its own', async (t) => {
  const schema = newSchema()
  await openInbox(t, { connectionString: url, schema })
  const { rows } = await admin.query<{ name: string, paths: string[] }>(`SELECT proname AS name,
      ARRAY(SELECT setting FROM unnest(proconfig) AS setting WHERE setting LIKE 'search_path=%') AS paths
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE nspname = $1`, [schema])
  t.ok(rows.length > 10)
  for (const { name, paths } of rows) t.same(paths, ['search_path=pg_catalog, pg_temp'], name)
})

/** Functions of somebody else, in `public`, whose arguments fit better than those of the server's own, which take any type. */
function shadows (): string {
  const body = "LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'this is not the function of the server'; END $$"
  const ofTypes = ['text', 'bytea', 'smallint', 'integer', 'bigint', 'boolean', 'double precision', 'timestamptz', 'uuid'].map((type) => `
    CREATE FUNCTION public.unnest (${type}[]) RETURNS SETOF ${type} ${body};
    CREATE FUNCTION public.cardinality (${type}[]) RETURNS integer ${body};
    CREATE FUNCTION public.array_remove (${type}[], ${type}) RETURNS ${type}[] ${body};
    CREATE FUNCTION public.next_state (${type}[], ${type}) RETURNS ${type}[] ${body};
    CREATE AGGREGATE public.array_agg (${type}) (SFUNC = public.next_state, STYPE = ${type}[]);`)
  return `${ofTypes.join('')} CREATE FUNCTION public.hashtextextended (text, integer) RETURNS bigint ${body};
    CREATE FUNCTION public.times (numeric, integer) RETURNS numeric ${body};
    CREATE OPERATOR public.* (FUNCTION = public.times, LEFTARG = numeric, RIGHTARG = integer);`
}

test("functions of the app that fit better than the server's own are never called", async (t) => {
  const database = `shadows_${process.pid}`
  await admin.query(`CREATE DATABASE ${database}`)
  t.teardown(async () => { await admin.query(`DROP DATABASE ${database} WITH (FORCE)`) })
  const connectionString = Object.assign(new URL(url), { pathname: `/${database}` }).href
  const pool = openPool(t, connectionString)
  await pool.query(shadows())
  await t.rejects(pool.query('SELECT cardinality(ARRAY[1::bigint])'), { message: /not the function of the server/ })

  const { app, lines } = await createApp(t, { inbox: postgresInbox({ connectionString }), retry: { attempts: 2, minDelay: 1, maxDelay: 1 } })
  const heard: string[] = []
  app.webhooks.on('newMessage', ({ message: { content }, conversation }, { attempt }) => {
    heard.push(`${String(content)} ${attempt}`)
    if (conversation.id === 'fails' || attempt === 1) throw new Error('as it was told')
  })
  await app.ready()
  const { inbox } = app.webhooks
  const first = await app.webhooks.receive(message('a', 'once more'))
  const second = await app.webhooks.receive(message('fails', 'in vain'))
  await until(async () => (await inbox.stats()).pending === 0)
  t.match(await inbox.stats(), { done: 1, dead: 1 })
  t.match(await inbox.get(first.id), { event: { event: 'newMessage' }, state: 'done' })
  t.equal(await inbox.replay([first.id, second.id]), 2)
  await until(async () => (await inbox.stats()).pending === 0 && heard.length === 8)
  const where = ['--db', connectionString]
  t.match(await cli(['inbox', 'replay', second.id.slice(0, 8), ...where]), { code: 0, stdout: '1 event replayed\n' })
  await until(async () => (await inbox.stats()).pending === 0)
  t.equal(await inbox.discard([first.id]), 1)
  t.match(await cli(['inbox', 'forget', 'fails', '--yes', ...where]), { code: 0, stdout: '1 event forgotten\n' })
  t.match(await inbox.stats(), { pending: 0, done: 0, dead: 0 })
  await app.close()
  t.same(lines.filter(({ err }) => /of the server/.test(JSON.stringify(err ?? ''))), [])
})
