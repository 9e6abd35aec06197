import tap, { test } from 'tap'
import { install, manifestOf, pack, root } from '../helpers/package.ts'
import { PostgresServer } from '../helpers/postgres.ts'
import { print, project } from './helpers/project.ts'

const { name } = manifestOf(root)

tap.setTimeout(300_000) // packing and installing take seconds, and more on a busy machine

const shareOne = `
async function shareOne (Fastify, webhooks, { postgresInbox }, { newMessage }, connectionString) {
  const [receiver, deliverer] = await Promise.all([{ deliver: false }, { receive: false }].map(async (role) => {
    const app = Fastify()
    await app.register(webhooks, { inbox: postgresInbox({ connectionString, schema: 'packaged' }), ...role })
    return app
  }))
  deliverer.webhooks.on('newMessage', ({ message }) => { console.log(message.content) })
  await deliverer.ready()
  await receiver.webhooks.receive(newMessage({ message: { content: 'shared' } }))
  while ((await receiver.webhooks.inbox.stats()).pending > 0) await new Promise((resolve) => { setTimeout(resolve, 5) })
  await Promise.all([receiver.close(), deliverer.close()])
}`

test('its PostgreSQL inbox is there without pg, says that it is missing, and works with it', async (t) => {
  const imported = `
    import Fastify from 'fastify'
    import webhooks from '${name}'
    import * as postgres from '${name}/postgres'
    import * as testing from '${name}/testing'
    ${shareOne}`
  const [{ url }, { tarball }] = await Promise.all([PostgresServer.create(t), pack()])
  const installed = await install(t, project, tarball, 'fastify')
  t.equal(installed.code, 0, installed.output)
  t.match(await print('share.js', `${imported}
    await shareOne(Fastify, webhooks, postgres, testing, '${url}').catch(({ code, message }) => { console.log(code, message) })`),
  /^FST_ONEROUTE_INBOX_UNUSABLE .*'pg', which is not installed/)
  const { code, output } = await install(t, project, 'pg', 'prom-client')
  t.equal(code, 0, output)
  t.equal(await print('share.js', `${imported}
    await shareOne(Fastify, webhooks, postgres, testing, '${url}')`), 'shared')
  t.equal(await print('share.cjs', `
    ${shareOne}
    shareOne(require('fastify'), require('${name}').webhooks, require('${name}/postgres'), require('${name}/testing'), '${url}')`), 'shared')
})
