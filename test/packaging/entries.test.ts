import { test } from 'tap'
import { manifestOf, root, unpack } from '../helpers/package.ts'
import { print, project } from './helpers/project.ts'

const { name, exports } = manifestOf(root)

await unpack(project, 'fastify')

test('every entry of it can be imported and required, and nothing else can', async (t) => {
  const entries = Object.keys(exports).map((entry) => name + entry.slice(1))
  t.equal(await print('entries.cjs', `
    const entries = ${JSON.stringify(entries)}
    const json = { with: { type: 'json' } }
    for (const entry of entries) require(entry)
    Promise.all(entries.map((entry) => import(entry, entry.endsWith('.json') ? json : {})))
      .then(() => import('${name}/dist/index.js'))
      .catch(({ code }) => console.log(code))`), 'ERR_PACKAGE_PATH_NOT_EXPORTED')
})

test('for an app in CommonJS, a format is known once it is set on the module that is imported', async (t) => {
  t.equal(await print('format.cjs', `
    const { FormatRegistry, Type } = require('@sinclair/typebox')
    const Fastify = require('fastify')
    const { webhooks } = require('${name}')
    const events = { orderPaid: Type.Object({ mail: Type.String({ format: 'mail' }) }) }
    async function start () {
      FormatRegistry.Set('mail', () => true)
      await Fastify().register(webhooks, { events }).then(undefined, ({ message }) => { console.log(/await import.*$/.exec(message)[0]) })
      const imported = await import('@sinclair/typebox')
      imported.FormatRegistry.Set('mail', (value) => value.includes('@'))
      const app = Fastify()
      await app.register(webhooks, { events })
      app.webhooks.on('orderPaid', ({ mail }) => { console.log(mail) })
      await app.webhooks.receive({ event: 'orderPaid', mail: 'a@b' })
      await app.close()
    }
    start()`), "await import('@sinclair/typebox'): require() has another\na@b")
})

const keepOne = `
async function keepOne (Fastify, webhooks, { sqliteInbox }, { newMessage }, path) {
  for (const content of ['kept', 'twice']) {
    const app = Fastify()
    await app.register(webhooks, { inbox: sqliteInbox({ path }) })
    if (content === 'kept') await app.webhooks.receive(newMessage({ message: { content } }))
    else app.webhooks.on('newMessage', ({ message }) => { console.log(message.content) })
    await app.ready()
    while (content === 'twice' && (await app.webhooks.inbox.stats()).pending > 0) await new Promise(setImmediate)
    await app.close()
  }
}`

test('its SQLite inbox keeps an event over a restart, imported and required, and warns of nothing', async (t) => {
  t.equal(await print('keep.js', `
    import Fastify from 'fastify'
    import webhooks from '${name}'
    import * as sqlite from '${name}/sqlite'
    import * as testing from '${name}/testing'
    ${keepOne}
    await keepOne(Fastify, webhooks, sqlite, testing, 'imported.db')`), 'kept')
  t.equal(await print('keep.cjs', `
    ${keepOne}
    keepOne(require('fastify'), require('${name}').webhooks, require('${name}/sqlite'), require('${name}/testing'), 'required.db')`), 'kept')
})

const look = `
async function look (Fastify, webhooks, { inspector }, { metrics }) {
  const app = Fastify()
  await app.register(webhooks)
  await app.register(inspector, { prefix: '/inspector', authorize: () => true })
  const { statusCode, body } = await app.inject('/inspector/page.js')
  console.log(statusCode, body.length > 10_000)
  const other = Fastify()
  await other.register(webhooks)
  try { await other.register(metrics) } catch ({ code }) { console.log(code) }
}`

test('its inspector has its page, and its metrics say that prom-client is missing, imported and required', async (t) => {
  const expected = '200 true\nFST_ONEROUTE_PACKAGE_MISSING'
  t.equal(await print('look.js', `
    import Fastify from 'fastify'
    import webhooks from '${name}'
    import * as inspector from '${name}/inspector'
    import * as metrics from '${name}/metrics'
    ${look}
    await look(Fastify, webhooks, inspector, metrics)`), expected)
  t.equal(await print('look.cjs', `
    ${look}
    look(require('fastify'), require('${name}').webhooks, require('${name}/inspector'), require('${name}/metrics'))`), expected)
})
