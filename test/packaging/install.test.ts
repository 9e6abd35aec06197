import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import tap, { test } from 'tap'
import { FLAGS } from '../helpers/environment.ts'
import { install, manifestOf, pack, root, run } from '../helpers/package.ts'
import { print, project } from './helpers/project.ts'

// What would be published is installed without a network, whatever npm may try.
const { name, version, bin } = manifestOf(root)

tap.setTimeout(300_000) // packing and installing take seconds, and more on a busy machine

test('it installs into an empty project', async (t) => {
  const { tarball } = await pack()
  const { code, output } = await install(t, project, tarball, 'fastify', '@types/node')
  t.equal(code, 0, output)
  t.equal(manifestOf(join(project, 'node_modules', name)).version, version)
})

const receiveOne = `
async function receiveOne (Fastify, webhooks, { newMessage, post }) {
  const app = Fastify()
  await app.register(webhooks, { secret: 'key' })
  app.webhooks.on('newMessage', ({ message }) => { console.log(message.content) })
  const { statusCode } = await post(app, newMessage({ message: { content: 'hello' } }), { secret: 'key' })
  console.log(statusCode)
}`

test('it is imported', async (t) => {
  t.equal(await print('import.js', `
    import Fastify from 'fastify'
    import webhooks, { webhooks as named } from '${name}'
    import * as testing from '${name}/testing'
    ${receiveOne}
    console.log(webhooks === named)
    await receiveOne(Fastify, webhooks, testing)`), 'true\nhello\n200')
})

test('it is required', async (t) => {
  t.equal(await print('require.cjs', `
    const Fastify = require('fastify')
    const { webhooks, default: plugin } = require('${name}')
    const testing = require('${name}/testing')
    ${receiveOne}
    console.log(webhooks === plugin)
    receiveOne(Fastify, webhooks, testing)`), 'true\nhello\n200')
})

for (const command of Object.keys(bin)) {
  test(`its command runs: ${command}`, async (t) => {
    const help = await run(project, 'npx', '--no-install', command, '--help')
    t.equal(help.code, 0, help.output)
    t.match(help.stdout, `Usage: ${command}`)
    t.equal((await run(project, 'npx', '--no-install', command, '--version')).stdout, `${version}\n`)
    t.equal((await run(project, 'npx', '--no-install', command, 'sent')).code, 2)
  })
}

test('its examples run once they are copied into a project: Node.js reads no TypeScript in node_modules', async (t) => {
  cpSync(join(project, 'node_modules', name, 'examples'), join(project, 'examples'), { recursive: true })
  const host = await run(project, process.execPath, ...FLAGS, 'examples/host.ts', '--once')
  t.match(host, { code: 0, output: /Message Sender: Hello World!/ }, host.output)
  writeFileSync(join(project, 'sharded.ts'), "import { shardedInbox } from './examples/sharded-inbox.ts'\nconsole.log(shardedInbox([]).durable)")
  const sharded = await run(project, process.execPath, ...FLAGS, 'sharded.ts')
  t.match(sharded, { code: 0, output: /^true$/m }, sharded.output)
})
