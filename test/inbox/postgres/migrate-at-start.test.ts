import { setTimeout } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { test } from 'tap'
import webhooks from '../../../index.ts'
import { logProgress } from '../../../lib/inbox/postgres/migrate.ts'
import { prepareSchema } from '../../../lib/inbox/postgres/schema.ts'
import { message } from '../../helpers/app.ts'
import { lines } from '../../helpers/postgres.ts'
import { until } from '../../faults/helpers/until.ts'
import { LONG, PLUGIN_TIMEOUT, first, holdLock, impatient, long, newSchema, slowly } from './helpers/migrate.ts'

test('a start waits for a migration for longer than Fastify waits for a plugin', async (t) => {
  const ways: Record<string, Parameters<typeof slowly>[1]> = {
    register: async (app, options) => {
      await app.register(webhooks, options)
      return await app.webhooks.inbox.stats()
    },
    ready: async (app, options) => {
      void app.register(webhooks, options)
      await app.ready()
    },
    listen: async (app, options) => {
      void app.register(webhooks, options)
      await app.listen({ port: 0, host: '127.0.0.1' })
    },
    'in a scope': async (app, options) => {
      void app.register(async (scope) => { void scope.register(webhooks, options) })
      await app.ready()
    }
  }
  for (const [way, begin] of Object.entries(ways)) {
    const { app, begun } = await slowly(t, begin)
    await t.resolves(begun, way)
    await app.ready()
    t.match((await app.inject({ method: 'POST', url: '/webhooks/oneroute', payload: message() })).json(), { status: 'accepted' }, way)
    await app.close()
  }
})

test('a start that fails after that time is still rejected, and can be closed', async (t) => {
  for (const finish of [
    async (app: FastifyInstance) => { await app.after() },
    async (app: FastifyInstance) => { await app.ready() },
    async (app: FastifyInstance) => { await app.listen({ port: 0, host: '127.0.0.1' }) }
  ]) {
    const { app, begun } = await slowly(t, async (app, { inbox }) => {
      void app.register(webhooks, { inbox: Object.assign(inbox, { open: async () => { await setTimeout(PLUGIN_TIMEOUT * 3); throw new Error('broken') } }) })
      await finish(app)
    })
    await t.rejects(begun, { message: 'broken' })
    await app.close()
  }
})

test('an inbox that opens only after its app was given up is closed with the app', async (t) => {
  const { app, begun, connections } = await slowly(t, async (app, options) => {
    void app.register(async (scope) => { await scope.register(webhooks, options) }) // this function has the timeout, and not the plugin
    await app.ready()
  })
  await t.rejects(begun, { code: 'FST_ERR_PLUGIN_TIMEOUT' })
  await app.close()
  await until(async () => await connections() === 0)
})

test('the log says what a start waits for, and what it does', async (t) => {
  const schema = newSchema()
  const { log, written } = lines()
  const release = await holdLock(t, schema)
  const prepared = prepareSchema(impatient(t), schema, { migrations: [first, long], progressEvery: LONG / 60, onProgress: logProgress(log, schema) })
  await until(() => written.length > 0)
  await release()
  await prepared
  t.match(written[0], { level: 30, schema, from: 0, to: 2, seconds: Number, msg: /^another process brings the schema .* this one waits for it$/ })
  t.match(written.at(-1), { level: 30, schema, from: 0, to: 2, seconds: Number, msg: 'the schema of the inbox is being brought up to date' })
})
