import { cpSync, existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import tap, { test } from 'tap'
import { install, manifestOf, pack, root, run, temporaryDirectory } from './helpers/package.ts'
import { links } from './helpers/pages.ts'
import { PostgresServer } from './helpers/postgres.ts'

// A project outside of this one, into which what would be published is installed: without a network, whatever npm may try.
const project = temporaryDirectory(tap)
const { name, version, exports, bin } = manifestOf(root)

tap.setTimeout(300_000) // packing and installing take seconds, and more on a busy machine

test('what is published is the compiled sources, the pages with their pictures, the examples and LICENSE', async (t) => {
  const { files } = await pack(project)
  const compiled = globSync(['index.ts', 'lib/**/*.ts'], { cwd: root })
    .flatMap((source) => [source.replace(/\.ts$/, '.js'), source.replace(/\.ts$/, '.d.ts')])
    .map((file) => `dist/${file}`)
  const pages = globSync(['*.md', 'docs/**/*.*', 'examples/**/*.*'], { cwd: root })
    .filter((file) => !file.startsWith('examples/data/')) // where `npm start` keeps its events
  t.same(files.toSorted(), ['LICENSE', 'package.json', ...compiled, ...pages].toSorted(),
    'run `npm run build` if dist is not what the sources say')
})

test('it installs into an empty project', async (t) => {
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }')
  const { tarball } = await pack(project)
  const { code, output } = await install(t, project, tarball, 'fastify', '@types/node')
  t.equal(code, 0, output)
  t.equal(manifestOf(join(project, 'node_modules', name)).version, version)
})

test('every link and every picture of a page that is published leads to a file that is published, too', async (t) => {
  const published = join(project, 'node_modules', name)
  const pages = globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md'], { cwd: published })
  t.ok(pages.length > 10)
  for (const page of pages) {
    for (const link of links(readFileSync(join(published, page), 'utf8'))) {
      const [path = ''] = link.split('#')
      if (path !== '') t.ok(existsSync(join(published, dirname(page), path)), `${page}: ${link}`)
    }
  }
})

/** Runs a file in the project, and returns what it printed. */
async function print (file: string, code: string): Promise<string> {
  writeFileSync(join(project, file), code)
  return (await run(project, process.execPath, file)).output.trim()
}

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
  const { url } = await PostgresServer.create(t)
  t.match(await print('share.js', `${imported}
    await shareOne(Fastify, webhooks, postgres, testing, '${url}').catch(({ code, message }) => { console.log(code, message) })`),
  /^FST_ONEROUTE_INBOX_UNUSABLE .*'pg', which is not installed/)
  const { code, output } = await install(t, project, 'pg', 'prom-client') // and whatever has types, below
  t.equal(code, 0, output)
  t.equal(await print('share.js', `${imported}
    await shareOne(Fastify, webhooks, postgres, testing, '${url}')`), 'shared')
  t.equal(await print('share.cjs', `
    ${shareOne}
    shareOne(require('fastify'), require('${name}').webhooks, require('${name}/postgres'), require('${name}/testing'), '${url}')`), 'shared')
})

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

test('its command is named as the package is: under another name npx would ask for another package', async (t) => {
  t.same(Object.keys(bin), [name])
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
  const typescript = ['--experimental-strip-types', '--disable-warning=ExperimentalWarning'] // for Node 22
  const host = await run(project, process.execPath, ...typescript, 'examples/host.ts', '--once')
  t.match(host, { code: 0, output: /Message Sender: Hello World!/ }, host.output)
  writeFileSync(join(project, 'sharded.ts'), "import { shardedInbox } from './examples/sharded-inbox.ts'\nconsole.log(shardedInbox([]).durable)")
  const sharded = await run(project, process.execPath, ...typescript, 'sharded.ts')
  t.match(sharded, { code: 0, output: /^true$/m }, sharded.output)
})

const typed = `
import Fastify from 'fastify'
import webhooks, { BadSignatureError, DeliveryError, memoryInbox, NewMessage, ONEROUTE_IPS } from '${name}'
import type { Inbox, WebhookContext, WebhooksOptions } from '${name}'
import { conformance } from '${name}/conformance'
import type { ConformanceCase, ConformanceOptions } from '${name}/conformance'
import { postgresInbox } from '${name}/postgres'
import { sqliteInbox } from '${name}/sqlite'
import type { SqliteInboxOptions } from '${name}/sqlite'
import { newMessage, post } from '${name}/testing'

declare module '${name}' {
  interface WebhookEvents { orderPaid: { event: 'orderPaid', total: number } }
}

const inbox: Inbox = memoryInbox({ history: 10 })
const options: WebhooksOptions = { allowedIps: ONEROUTE_IPS, inbox }
const durable: SqliteInboxOptions = { path: 'webhooks.db' }
options.inbox = sqliteInbox(durable)
options.inbox = postgresInbox({ connectionString: 'postgres://localhost' })
const suite: ConformanceOptions = { shared: true, kill: (store) => store }
const cases: ConformanceCase[] = conformance((store) => sqliteInbox({ path: store }), suite)
await Promise.all(cases.map(({ run }) => run()))
const app = Fastify()
await app.register(webhooks, options)
app.webhooks.on('newMessage', async ({ message }: NewMessage, { log, signal }: WebhookContext) => {
  log.info((message.content ?? '').trim() + String(signal.aborted))
})
app.webhooks.on('orderPaid', ({ total }) => total.toFixed(2))
app.webhooks.on('error', (error: DeliveryError) => error.retryAt?.getTime())
const { statusCode } = await post(app, newMessage({ message: { content: 'hi' } }))
statusCode satisfies number
new BadSignatureError().code satisfies 'FST_ONEROUTE_BAD_SIGNATURE'

// @ts-expect-error there is no such event
app.webhooks.on('newMesage', () => undefined)
// @ts-expect-error there is no such option
await app.register(webhooks, { secrets: 'key' })
// @ts-expect-error errors are not any, which would have everything
new BadSignatureError().nothing
`

const typedCommonJs = `
import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'
import Fastify from 'fastify'
import webhooks from '${name}'
import type { NewMessage } from '${name}'
import { sqliteInbox } from '${name}/sqlite'
import { newMessage } from '${name}/testing'

const OrderPaid = Type.Object({ event: Type.Literal('orderPaid'), total: Type.Number() })

declare module '${name}' {
  interface WebhookEvents { orderPaid: Static<typeof OrderPaid> }
}

async function start () {
  const app = Fastify()
  await app.register(webhooks, { events: { orderPaid: OrderPaid }, inbox: sqliteInbox({ path: process.pid + '.db' }) })
  const seen: string[] = []
  app.webhooks.on('newMessage', ({ message }: NewMessage) => { seen.push(message.content ?? '') })
  app.webhooks.on('orderPaid', ({ total }) => { seen.push(total.toFixed(2)) })
  await app.webhooks.receive(newMessage({ message: { content: 'hi' } }))
  await app.webhooks.receive({ event: 'orderPaid', total: 5 })
  await app.webhooks.receive({ event: 'orderPaid', total: 'none' })
  while ((await app.webhooks.inbox.stats()).pending > 0) await new Promise(setImmediate)
  console.log(seen.sort().join(), (await app.webhooks.inbox.stats()).invalid)
  await app.close()
  // @ts-expect-error a plain JSON Schema is not what Type makes
  await Fastify().register(webhooks, { events: { orderPaid: { type: 'object' } } }).then(undefined, ({ code }) => { console.log(code) })
}

void start()
`

const everyEntry = Object.keys(exports).filter((entry) => !entry.endsWith('.json'))
  .map((entry, i) => `import * as entry${i} from '${name}${entry.slice(1)}'\nvoid entry${i}\n`).join('')

const compilerOptions = {
  strict: true, exactOptionalPropertyTypes: true, esModuleInterop: true, target: 'es2022', lib: ['es2022'], types: ['node'], outDir: 'compiled'
}

// `skipLibCheck` would turn a mistake in our own declarations into `any` for those who use them. The oldest compiler needs it for Fastify's.
for (const { typescript, files, ...settings } of [
  { typescript: 'typescript', module: 'nodenext', moduleResolution: 'nodenext', skipLibCheck: false, files: ['typed.ts', 'typed.cts', 'every-entry.ts'] },
  { typescript: 'typescript', module: 'preserve', moduleResolution: 'bundler', skipLibCheck: false, files: ['typed.ts', 'every-entry.ts'] },
  { typescript: 'typescript', module: 'commonjs', moduleResolution: 'bundler', skipLibCheck: false, files: ['typed.cts', 'every-entry.ts'] },
  { typescript: 'typescript', module: 'commonjs', moduleResolution: 'node10', ignoreDeprecations: '6.0', skipLibCheck: false, files: ['typed.cts', 'every-entry.ts'] },
  { typescript: 'typescript-oldest', module: 'nodenext', moduleResolution: 'nodenext', skipLibCheck: true, files: ['typed.ts', 'every-entry.ts'] },
  { typescript: 'typescript-oldest', module: 'commonjs', moduleResolution: 'node10', skipLibCheck: true, files: ['typed.cts', 'every-entry.ts'] }
]) {
  const { version } = manifestOf(join(root, 'node_modules', typescript))
  test(`TypeScript ${version} knows its types with module '${settings.module}' and moduleResolution '${settings.moduleResolution}'`, async (t) => {
    writeFileSync(join(project, 'typed.ts'), typed)
    writeFileSync(join(project, 'typed.cts'), typedCommonJs)
    writeFileSync(join(project, 'every-entry.ts'), everyEntry)
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...compilerOptions, ...settings }, files }))
    const { code, output } = await run(project, process.execPath, join(root, 'node_modules', typescript, 'bin/tsc'), '-p', '.')
    t.equal(code, 0, output)
    if (files.includes('typed.cts')) t.equal(await runCompiled(), '5.00,hi 1\nFST_ONEROUTE_INVALID_OPTION\n')
  })
}

async function runCompiled (): Promise<string> {
  const { output } = await run(project, process.execPath, 'compiled/typed.cjs')
  rmSync(join(project, 'compiled'), { recursive: true })
  return output
}
