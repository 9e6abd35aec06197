import tap, { test } from 'tap'
import type { Test } from 'tap'
import { memoryInbox } from '../../index.ts'
import type { DeliveryError, WebhookContext } from '../../index.ts'
import { postgresInbox } from '../../lib/inbox/postgres/inbox.ts'
import { sqliteInbox } from '../../lib/inbox/sqlite/inbox.ts'
import { directory } from '../code-blocks/helpers/files.ts'
import { until } from '../faults/helpers/until.ts'
import { createApp, message } from '../helpers/app.ts'
import { openPool, postgresUrl, schemas } from '../helpers/postgres.ts'
import { drivers, saverOf, TABLE } from '../helpers/savers.ts'
import { temporaryFile } from '../helpers/sqlite.ts'

const url = await postgresUrl(tap)
const newSchema = schemas(tap, url)
const pool = openPool(tap, url)
await pool.query(TABLE)

const RETRY = { minDelay: 1, maxDelay: 1 }

async function createSaver (t: Test) {
  const { app } = await createApp(t, { inbox: postgresInbox({ connectionString: url, schema: newSchema() }), retry: RETRY })
  const errors: DeliveryError[] = []
  app.webhooks.on('error', (error) => { errors.push(error) })
  return {
    app,
    errors,
    deliver: async (content: string) => {
      await app.ready()
      const { id } = await app.webhooks.receive(message('a', content))
      await until(async () => (await app.webhooks.inbox.stats()).pending === 0)
      return id
    },
    saved: async (id: string) => (await pool.query<{ content: string }>('SELECT content FROM messages WHERE id = $1', [id])).rows.map(({ content }) => content)
  }
}

for (const driver of drivers) {
  const save = await saverOf(driver, directory, pool)

  test(`${driver}: what is committed together with the event is there once, although the listener fails after it, or another one does`, async (t) => {
    const { app, errors, deliver, saved } = await createSaver(t)
    const calls = { save: 0, other: 0 }
    app.webhooks.on('newMessage', async function saves (event, context) {
      calls.save++
      await save(event, context)
      throw new Error('too late')
    })
    app.webhooks.on('newMessage', function other () {
      if (++calls.other < 3) throw new Error('not yet')
    })
    const id = await deliver(`once ${driver}`)
    t.same(await saved(id), [`once ${driver}`])
    t.same(calls, { save: 1, other: 3 })
    t.match(await app.webhooks.inbox.get(id), { state: 'done', attempts: 3 })
    t.same(errors.map(({ listener }) => listener), ['saves', 'other', 'other'])
  })

  test(`${driver}: nothing is there of what was rolled back, and the listener is called again; nor is there anything of an event that was removed`, async (t) => {
    const { app, errors, deliver, saved } = await createSaver(t)
    let calls = 0
    app.webhooks.on('newMessage', async function saves (event, context) {
      const { content } = event.message
      if (content === `removed ${driver}`) await app.webhooks.inbox.discard([context.id])
      await save(event, context.attempt === 1 && content === `again ${driver}` ? broken(context) : context)
      calls++
    })
    t.same(await saved(await deliver(`again ${driver}`)), [`again ${driver}`])
    t.same(await saved(await deliver(`removed ${driver}`)), [])
    t.equal(calls, 1)
    await until(() => errors.length === 2) // the removed event is not pending any more before its listener fails
    t.match(errors.map(({ cause }) => cause), [{ message: 'after all of it' }, { code: 'FST_ONEROUTE_DELIVERY_LOST' }])
  })
}

/** The transaction has said that the listener is through, and fails after that. */
function broken (context: WebhookContext): WebhookContext {
  return {
    ...context,
    id: context.id,
    completeIn: async (execute) => {
      await context.completeIn(execute)
      throw new Error('after all of it')
    }
  }
}

test('a listener has all that others have, and is to have a name of its own', async (t) => {
  const { app, errors, deliver } = await createSaver(t)
  const seen: unknown[] = []
  app.webhooks.on('newMessage', async (_event, context) => {
    const { id, attempt, receivedAt, problems, signal } = context
    context.log.info('here')
    seen.push({ id, attempt, receivedAt: receivedAt instanceof Date, problems, aborted: signal.aborted })
    await context.completeIn(async () => seen.push('asked')).catch((error: unknown) => { seen.push(error) })
  })
  const id = await deliver('nameless')
  t.match(seen, [{ id, attempt: 1, receivedAt: true, problems: [], aborted: false }, { code: 'FST_ONEROUTE_COMPLETE_IN', message: /a name that no other listener of the event has/ }])
  t.same(errors, [])
})

for (const [name, inbox] of [['memory', () => memoryInbox()], ['sqlite', (t: Test) => sqliteInbox({ path: temporaryFile(t) })]] as const) {
  test(`${name}: there is no transaction to complete an event in`, async (t) => {
    const { app } = await createApp(t, { inbox: inbox(t) })
    const refused = Promise.withResolvers<unknown>()
    app.webhooks.on('newMessage', async function saves (_event, context) {
      await context.completeIn(async () => ({})).catch(refused.resolve)
    })
    await app.ready()
    await app.webhooks.receive(message())
    t.match(await refused.promise, { code: 'FST_ONEROUTE_COMPLETE_IN', message: /postgresInbox/ })
  })
}
