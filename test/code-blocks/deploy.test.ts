import { copyFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { test } from 'tap'
import { newMessage, sign } from '../../lib/testing/testing.ts'
import { until } from '../faults/helpers/until.ts'
import { run, temporaryDirectory } from '../helpers/package.ts'
import { configuration, directory, files, runCli } from './helpers/files.ts'
import { launch, post, serve, start, writeTelling } from './helpers/running.ts'

/** The script that the image is watched by. */
function healthCheck (): string {
  const [, command = ''] = /^HEALTHCHECK CMD (.*)$/m.exec(configuration('Dockerfile')) ?? []
  const [node, flag, script = ''] = JSON.parse(command) as string[] // as Docker reads it
  if (node !== 'node' || flag !== '-e') throw new Error(command)
  return script
}

test('webhooks.mjs runs', async (t) => {
  const [hears, answers] = [[] as unknown[], [] as Array<() => void>]
  const crm = await serve(t, (request, response) => {
    void json(request).then((event) => {
      hears.push((event as ReturnType<typeof newMessage>).message.content) // as it was posted
      answers.push(() => response.writeHead(204).end())
    })
  })
  const env = { ONEROUTE_SECRET: 'key', ONEROUTE_INBOX: 'deployed.db', CRM_URL: crm }
  const first = await start(t, 'webhooks.mjs', env)
  const isHealthy = async () => (await run(directory, process.execPath, '-e', healthCheck().replace('3000', new URL(first.url).port))).code === 0
  t.ok(await isHealthy())
  for (const content of ['in flight', 'behind it']) {
    const body = JSON.stringify(newMessage({ message: { content }, conversation: { id: 'one' } }))
    t.equal(await post(first.url, body, { 'x-oneroute-signature': sign(body, 'key') }), 200)
  }
  await until(() => hears.length > 0)
  const ended = first.end('SIGTERM')
  await until(async () => !await isHealthy())
  t.same(hears, ['in flight'])
  answers.shift()?.()
  t.equal(await ended, 0, first.output())
  t.same(hears, ['in flight'], 'what was not begun is left to the next process')

  const next = await start(t, 'webhooks.mjs', env)
  await until(() => hears.length > 1)
  answers.shift()?.()
  t.equal(await next.end('SIGINT'), 0, next.output())
  t.same(hears, ['in flight', 'behind it'], 'and nothing comes twice')
  const stats = await runCli('inbox', 'stats', '--db', 'deployed.db', '--json')
  t.match(JSON.parse(stats.output), { pending: 0, done: 2, dead: 0 })
})

test('build.mjs runs', async (t) => {
  writeTelling(t, 'webhooks.mjs')
  const { code, output } = await run(directory, process.execPath, 'build.mjs')
  t.equal(code, 0, output)
  const bundle = join(temporaryDirectory(t), 'webhooks.mjs') // where no node_modules is
  copyFileSync(join(directory, 'dist/webhooks.mjs'), bundle)
  const hears: unknown[] = []
  const crm = await serve(t, (request, response) => {
    void json(request).then((event) => {
      hears.push((event as ReturnType<typeof newMessage>).message.content) // as it was posted
      response.writeHead(204).end()
    })
  })
  const server = await launch(t, bundle, { ONEROUTE_SECRET: 'key', ONEROUTE_INBOX: 'bundled.db', CRM_URL: crm })
  const body = JSON.stringify(newMessage({ message: { content: 'bundled' } }))
  t.equal(await post(server.url, body, { 'x-oneroute-signature': sign(body, 'key') }), 200)
  await until(() => hears.length > 0)
  t.equal(await server.end('SIGTERM'), 0, server.output())
  t.same(hears, ['bundled'])
})

test('ecosystem.config.cjs runs', async (t) => {
  const { apps } = createRequire(join(directory, 'x.cjs'))('./ecosystem.config.cjs') as { apps: Array<{ script: string }> } // as PM2 loads it
  for (const { script } of apps) t.ok(files.some(({ file }) => file === script), script)
})
