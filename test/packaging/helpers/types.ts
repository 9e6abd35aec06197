import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { manifestOf, root, run, unpack } from '../../helpers/package.ts'
import { project } from './project.ts'

const { name, exports } = manifestOf(root)

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

interface Setting {
  typescript: 'typescript' | 'typescript-oldest'
  files: string[]
  module: string
  moduleResolution: string
  ignoreDeprecations?: string
  /** It would turn a mistake in our own declarations into `any` for those who use them. The oldest compiler needs it for Fastify's. */
  skipLibCheck: boolean
}

await unpack(project, 'fastify', '@types/node', 'pg', 'prom-client')

/** Tests that a compiler knows the types, and of what is CommonJS that it runs, too. */
export function testTypes ({ typescript, files, ...settings }: Setting): void {
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
