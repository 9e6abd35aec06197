import type { Test } from 'tap'
import { manifestOf, root, run } from './package.ts'
import type { Ended } from './package.ts'
import { schemas } from './postgres.ts'

const { name } = manifestOf(root)

/** The source of an app, an ES module, that uses every entry of the package. It is told which PostgreSQL to use, and which schema of it. */
export const wholeApp = `
import Fastify from 'fastify'
import webhooks from '${name}'
import { inspector } from '${name}/inspector'
import { metrics } from '${name}/metrics'
import { postgresInbox } from '${name}/postgres'
import { sqliteInbox } from '${name}/sqlite'
import { newMessage, post } from '${name}/testing'

const OPTIONS = { secret: 'key', timeout: 1_000 }
const PAGES = ['/inspector/', '/inspector/page.js', '/inspector/page.css', '/inspector/api/events']

/** Receives an event, and delivers it after a restart. */
async function keep (inbox) {
  const receiver = Fastify()
  await receiver.register(webhooks, { ...OPTIONS, inbox: inbox() })
  const { statusCode } = await post(receiver, newMessage({ message: { content: 'kept' } }), { secret: 'key' })
  await receiver.close()
  const deliverer = Fastify()
  await deliverer.register(webhooks, { ...OPTIONS, inbox: inbox() })
  await deliverer.register(inspector, { prefix: '/inspector', authorize: () => true })
  await deliverer.register(metrics, { path: '/metrics' })
  const delivered = new Promise((resolve) => { deliverer.webhooks.on('newMessage', ({ message }) => { resolve(message.content) }) })
  await deliverer.ready()
  console.log(statusCode, await delivered)
  for (const page of PAGES) console.log(page, (await deliverer.inject(page)).statusCode)
  console.log((await deliverer.inject('/metrics')).body.includes('oneroute_webhooks_deliveries_total'))
  await deliverer.close()
}

async function start ([url, schema]) {
  await keep(() => sqliteInbox({ path: 'webhooks.db' }))
  await keep(() => postgresInbox({ connectionString: url, schema }))
}

start(process.argv.slice(2)).catch((error) => {
  console.error(error)
  process.exitCode = 1
})
`

const once = '200 kept\n/inspector/ 200\n/inspector/page.js 200\n/inspector/page.css 200\n/inspector/api/events 200\ntrue\n'

/** Runs that app, which is in a file, and expects of it what it says when all is well. Nothing is warned of, either. */
export async function runWholeApp (t: Test, url: string, directory: string, file: string): Promise<void> {
  const { code, output }: Ended = await run(directory, process.execPath, file, url, schemas(t, url)())
  t.equal(output, once + once)
  t.equal(code, 0)
}
