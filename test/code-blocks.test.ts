import { fork } from 'node:child_process'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { basename, dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { json } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import type { FastifyInstance } from 'fastify'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import { parse } from 'yaml'
import { memoryInbox, ONEROUTE_IPS } from '../index.ts'
import { parseInboxOptions } from '../lib/cli/inbox/options.ts'
import { parseListenOptions } from '../lib/cli/listen/options.ts'
import { parseSendOptions } from '../lib/cli/send/options.ts'
import { conformance } from '../lib/inbox/conformance/conformance.ts'
import { newMessage, sign, smsDeliveryReport } from '../lib/testing/testing.ts'
import { until } from './faults/helpers/until.ts'
import { createApp } from './helpers/app.ts'
import { manifestOf, root, run, temporaryDirectory } from './helpers/package.ts'
import { postgresUrl } from './helpers/postgres.ts'
import { blocks, codes, everything, section } from './helpers/pages.ts'

tap.setTimeout(120_000)

const manifest = manifestOf(root)
const files = blocks().filter(({ language }) => language === 'js' || language === 'ts')

// Below the project, so that its name leads to dist, as an installed one's would.
const directory = tap.testdir()

function write (file: string, code: string): void {
  mkdirSync(dirname(join(directory, file)), { recursive: true })
  writeFileSync(join(directory, file), code)
}

for (const { file = '', code } of files) write(file, code)

interface Command {
  env: Record<string, string>
  words: string[]
}

/** "KEY=value npx fastify-oneroute-webhooks send --content 'a b'", and so on: all that the pages need of a shell. */
function commandsIn (text: string): Command[] {
  return blocks(text).filter(({ language }) => language === 'sh').flatMap(({ code }) => code.trim().split('\n')).map((line) => {
    const all = Array.from(line.matchAll(/'([^']*)'|(\S+)/g), ([, quoted, plain]) => quoted ?? plain ?? '')
    const first = all.findIndex((word) => !/^[A-Z_]+=/.test(word))
    return { env: Object.fromEntries(all.slice(0, first).map((word) => word.split('='))) as Command['env'], words: all.slice(first) }
  })
}

/** What Node 22 needs for those in TypeScript. */
const FLAGS = ['--experimental-strip-types', '--disable-warning=ExperimentalWarning']

interface Running {
  url: string
  /** Settles when it has printed this. */
  printed: (text: string) => Promise<void>
  /** All that it has printed. */
  output: () => string
  /** Sends it a signal, and resolves to its exit code. */
  end: (signal: NodeJS.Signals) => Promise<number | null>
}

/** Runs a block that listens, as it is but for its port. */
async function start (t: Test, file: string, env: Command['env'] = {}): Promise<Running> {
  writeTelling(t, file)
  return await launch(t, join(directory, file), env)
}

/** Writes a block that listens: on any port, which it tells. */
function writeTelling (t: Test, file: string): void {
  const code = files.find((block) => block.file === file)?.code ?? ''
  t.match(code, '{ port: 3000', 'it listens where the rest of the pages expects it')
  write(file, code.replace('{ port: 3000', '{ port: 0') + `
    const tell = () => { process.send(app.server.address().port) }
    app.server.listening ? tell() : app.server.once('listening', tell)`)
}

async function launch (t: Test, path: string, env: Command['env']): Promise<Running> {
  // Without what tap adds, which would handle signals.
  const child = fork(path, { cwd: directory, silent: true, execArgv: FLAGS, env: { ...process.env, NODE_OPTIONS: '', ...env } })
  t.teardown(async () => {
    child.kill()
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => { output += chunk.toString() })
  const [port] = await Promise.race([once(child, 'message'), once(child, 'close').then(() => { throw new Error(output) })]) as [number] // as it tells
  return {
    url: `http://127.0.0.1:${port}`,
    end: async (signal) => {
      child.kill(signal)
      await once(child, 'exit')
      return child.exitCode
    },
    printed: async (text) => {
      while (!output.includes(text)) {
        await once(child.stdout ?? child, 'data', { signal: AbortSignal.timeout(20_000) })
          .catch(() => { throw new Error(`It has not printed '${text}', but:\n${output}`) })
      }
    },
    output: () => output
  }
}

/** Another service, which the app calls. */
async function serve (t: Test, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => { server.closeAllConnections(); server.close() })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}` // it listens on TCP
}

/** A block that is no code. */
function configuration (name: string): string {
  const { code } = blocks().find(({ file }) => file === name) ?? {}
  if (code === undefined) throw new Error(`no block has the name ${name}`)
  return code
}

/** The script that the image is watched by. */
function healthCheck (): string {
  const [, command = ''] = /^HEALTHCHECK CMD (.*)$/m.exec(configuration('Dockerfile')) ?? []
  const [node, flag, script = ''] = JSON.parse(command) as string[] // as Docker reads it
  if (node !== 'node' || flag !== '-e') throw new Error(command)
  return script
}

async function post (url: string, body: string, headers: Record<string, string> = {}): Promise<number> {
  const { status } = await fetch(`${url}/webhooks/oneroute`, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })
  return status
}

const scenarios: Record<string, (t: Test) => Promise<void>> = {
  'server.mjs': async (t) => {
    const [, begin, send] = commandsIn(section('Quick start'))
    t.same(begin?.words, ['node', 'server.mjs'])
    const server = await start(t, 'server.mjs', begin?.env)
    const [, , ...args] = send?.words ?? []
    Object.assign(process.env, send?.env)
    t.teardown(() => { for (const name of Object.keys(send?.env ?? {})) Reflect.deleteProperty(process.env, name) })
    const sent = await run(root, process.execPath, join(root, manifest.bin['fastify-oneroute-webhooks'] ?? ''), ...args, '--to', `${server.url}/webhooks/oneroute`)
    t.match(sent, { code: 0 }, sent.output)
    const [logged = ''] = codes(section('Quick start').split('```').at(-1))
    t.match(logged, 'Message Sender: ')
    await server.printed(`"msg":"${logged}"`)
    t.equal(await post(server.url, JSON.stringify(newMessage())), 401, 'the key counts')
    t.equal(await server.end('SIGTERM'), 0, 'it closes, and ends by itself')
  },

  'server.cjs': async (t) => {
    const server = await start(t, 'server.cjs', { ONEROUTE_SECRET: 'key' })
    const body = JSON.stringify(newMessage({ message: { content: 'by require' } }))
    t.equal(await post(server.url, body, { 'x-oneroute-signature': sign(body, 'key') }), 200)
    await server.printed('by require')
    await t.rejects(start(t, 'server.cjs'), /`secret` is given, but undefined/, 'an error of the start is shown')
  },

  'backup.mjs': async (t) => {
    const server = await start(t, 'server.mjs', { ONEROUTE_SECRET: 'key' })
    const body = JSON.stringify(newMessage({ message: { content: 'to be kept' } }))
    t.equal(await post(server.url, body, { 'x-oneroute-signature': sign(body, 'key') }), 200)
    const { code, output } = await run(directory, process.execPath, 'backup.mjs')
    t.equal(code, 0, output)
    t.equal(statSync(join(directory, 'backup.db')).mode & 0o777, 0o600, 'for its owner only')
    const again = await run(directory, process.execPath, 'backup.mjs')
    t.match(again, { code: 1, output: /EEXIST/ }, 'it overwrites nothing')
    const backup = new DatabaseSync(join(directory, 'backup.db'))
    t.teardown(() => { backup.close() })
    t.match(backup.prepare('SELECT count(*) AS count FROM bodies WHERE CAST(body AS TEXT) = ?').get(body), { count: 1 })
  },

  'many.mjs': async (t) => {
    const env = { ONEROUTE_SECRET: 'key', DATABASE_URL: await postgresUrl(t) }
    const servers = [await start(t, 'many.mjs', env), await start(t, 'many.mjs', env)]
    const body = JSON.stringify(newMessage({ message: { content: 'for one of them' } }))
    for (const { url } of servers) t.equal(await post(url, body, { 'x-oneroute-signature': sign(body, 'key') }), 200)
    await Promise.any(servers.map(async ({ printed }) => { await printed('for one of them') }))
  },

  'handled.mjs': async (t) => {
    const [begin, play] = commandsIn(section('send --chaos: test your app on a bad day'))
    t.same(begin?.words, ['node', 'handled.mjs'])
    const server = await start(t, 'handled.mjs', begin?.env)
    const [, , ...args] = play?.words ?? []
    const more = ['--count', '100', '--secret', play?.env.ONEROUTE_SECRET ?? '', '--to', `${server.url}/webhooks/oneroute`]
    const played = await run(directory, process.execPath, join(root, manifest.bin['fastify-oneroute-webhooks'] ?? ''), ...args, ...more)
    t.match(played, { code: 0, output: /^VERDICT: clean$/m }, played.output)
    t.match(played.output, 'Handled: 100 lines of these events')
  },

  'inspect.mjs': async (t) => {
    const { url, printed } = await start(t, 'inspect.mjs', { ONEROUTE_SECRET: 'key' })
    const body = JSON.stringify(newMessage({ message: { content: 'to be looked at' } }))
    t.equal(await post(url, body, { 'x-oneroute-signature': sign(body, 'key') }), 200)
    await printed('to be looked at')
    t.match(await (await fetch(`${url}/inspector/`)).text(), '<title>OneRoute webhooks</title>')
    t.match(await (await fetch(`${url}/inspector/api/events`)).json(), { events: [{ text: 'to be looked at', state: 'done' }] })
  },

  'login.mjs': async (t) => {
    const { url } = await start(t, 'login.mjs', { ONEROUTE_SECRET: 'key', INSPECTOR_PASSWORD: 'right' })
    const body = JSON.stringify(newMessage({ message: { content: 'not for everybody' } }))
    t.equal(await post(url, body, { 'x-oneroute-signature': sign(body, 'key') }), 200)
    const look = async (login: string, path = '/api/events') => await fetch(`${url}/inspector${path}`, { headers: login === '' ? {} : { authorization: `Basic ${btoa(login)}` } })
    for (const login of ['', 'admin:wrong', 'admin:', 'somebody:right', 'admin']) {
      for (const path of ['/', '/api/events', '/api/stream']) {
        const refused = await look(login, path)
        t.match([refused.status, refused.headers.get('www-authenticate')], [401, 'Basic realm="Inspector"'], `${login} ${path}`)
        t.notMatch(await refused.text(), /not for everybody|<title>/)
      }
    }
    t.match(await (await look('admin:right')).json(), { events: [{ text: 'not for everybody' }] })
  },

  'measured.mjs': async (t) => {
    const { url, printed } = await start(t, 'measured.mjs', { ONEROUTE_SECRET: 'key' })
    const body = JSON.stringify(newMessage({ message: { content: 'to be counted' } }))
    t.equal(await post(url, body, { 'x-oneroute-signature': sign(body, 'key') }), 200)
    await printed('to be counted')
    t.match(await (await fetch(`${url}/metrics`)).text(), 'oneroute_webhooks_listener_runs_total{listener="greet",outcome="succeeded"} 1')
  },

  'channels.ts': async (t) => {
    const { url, printed } = await start(t, 'channels.ts', { ONEROUTE_SECRET: 'key' })
    const body = JSON.stringify(newMessage())
    t.equal(await post(url, body, { 'x-oneroute-signature': sign(body, 'key') }), 200)
    await printed('newMessage accepted in ')
    t.equal(await post(url, body), 401)
    await printed('unknown refused in ')
  },

  'notify.mjs': async (t) => {
    const told: unknown[] = []
    const other = await serve(t, (request, response) => {
      void json(request).then((value) => {
        if (request.url === '/notify') told.push(value)
        response.writeHead(request.url === '/notify' ? 204 : 500).end()
      })
    })
    const server = await start(t, 'notify.mjs', { ONEROUTE_SECRET: 'key', CRM_URL: `${other}/crm`, NOTIFY_URL: `${other}/notify` })
    const body = JSON.stringify(newMessage({ message: { content: 'to be forwarded' } }))
    t.equal(await post(server.url, body, { 'x-oneroute-signature': sign(body, 'key') }), 200)
    await until(() => told.length > 0)
    const { retryAt, ...rest } = told[0] as Record<string, unknown> // as it was posted
    t.same(rest, { listener: 'forward', dead: false, id: hash('sha256', body, 'base64url') }, 'and nothing of the event')
    t.ok(Date.parse(String(retryAt)) > 0)
    await server.printed(`${new URL(other).host} has answered 500`)
  },

  'reply.mjs': async (t) => {
    const keys: Array<[string | undefined, unknown]> = []
    const other = await serve(t, (request, response) => {
      keys.push([request.url, request.headers['idempotency-key']])
      response.writeHead(request.url === '/replies' && keys.length < 4 ? 500 : 204).end()
      request.resume()
    })
    const server = await start(t, 'reply.mjs', { ONEROUTE_SECRET: 'key', TICKETS_URL: `${other}/tickets`, REPLIES_URL: `${other}/replies` })
    const bodies = [true, false].map((authUser) => JSON.stringify(newMessage({ message: { sender: { authUser } }, conversation: { id: 'one' } })))
    for (const body of bodies) t.equal(await post(server.url, body, { 'x-oneroute-signature': sign(body, 'key') }), 200)
    await until(() => keys.length > 3)
    const [agent = '', customer = ''] = bodies.map((body) => hash('sha256', body, 'base64url'))
    t.same(keys.slice(0, 1), [['/tickets', `${agent}:openTicket`]], 'no reply to the agent')
    t.same(keys.slice(1, 3).sort(), [['/replies', `${customer}:reply`], ['/tickets', `${customer}:openTicket`]])
    t.same(keys.slice(3), [['/replies', `${customer}:reply`]], 'only the step that failed, with the same key')
  },

  'webhooks.mjs': async (t) => {
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
    const stats = await run(directory, process.execPath, join(root, manifest.bin['fastify-oneroute-webhooks'] ?? ''), 'inbox', 'stats', '--db', 'deployed.db', '--json')
    t.match(JSON.parse(stats.output), { pending: 0, done: 2, dead: 0 })
  },

  'build.mjs': async (t) => {
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
  },

  'ecosystem.config.cjs': async (t) => {
    const { apps } = createRequire(join(directory, 'x.cjs'))('./ecosystem.config.cjs') as { apps: Array<{ script: string }> } // as PM2 loads it
    for (const { script } of apps) t.ok(files.some(({ file }) => file === script), script)
  },

  'save-and-reply.mjs': async (t) => {
    const keys: unknown[] = []
    const replies = await serve(t, (request, response) => {
      response.writeHead(keys.push(request.headers['idempotency-key']) === 1 ? 500 : 204).end()
      request.resume()
    })
    const server = await start(t, 'save-and-reply.mjs', { ONEROUTE_SECRET: 'key', REPLIES_URL: replies })
    const bodies = [true, false].map((authUser) => JSON.stringify(newMessage({ message: { sender: { authUser } } })))
    for (const body of bodies) t.equal(await post(server.url, body, { 'x-oneroute-signature': sign(body, 'key') }), 200)
    await until(() => keys.length > 1)
    t.equal(await server.end('SIGTERM'), 0)
    const [agent, customer] = bodies.map((body) => hash('sha256', body, 'base64url'))
    t.same(keys, [`${customer ?? ''}:reply`, `${customer ?? ''}:reply`], 'the same key each time, and no reply to the agent')
    const saved = new DatabaseSync(join(directory, 'messages.db'))
    t.teardown(() => { saved.close() })
    t.same(saved.prepare('SELECT id FROM messages').all().map(({ id }) => id).sort(), [agent, customer].sort(), 'each once')
  },

  'src/server.ts': async (t) => {
    const server = await start(t, 'src/server.ts', { ONEROUTE_SECRET: 'key' })
    const body = JSON.stringify(smsDeliveryReport())
    t.equal(await post(server.url, body, { 'x-oneroute-signature': sign(body, 'key') }), 200)
    await server.printed('an SMS has another status')
    t.equal((await fetch(`${server.url}/health`)).status, 200)
    t.equal(await server.end('SIGTERM'), 0)
  },

  'src/app.test.ts': async (t) => {
    const package_ = blocks(section('How do I structure an app in several files?')).find(({ language }) => language === 'json')?.code ?? ''
    const { scripts } = JSON.parse(package_) as { scripts: Record<'start' | 'dev' | 'test' | 'check', string> } // as npm reads it
    for (const script of [scripts.start, scripts.dev]) t.equal(problemOf(script.split(' ')), undefined, script)
    const [node, ...args] = scripts.test.split(' ')
    t.equal(node, 'node')
    const tested = await run(directory, process.execPath, ...FLAGS, ...args)
    t.match(tested, { code: 0, output: /pass 2\b/ }, tested.output)
    for (const { file = '', code } of files) write(file, code)
    write('tsconfig.json', configuration('tsconfig.json'))
    const checked = await run(directory, join(root, 'node_modules/.bin', scripts.check))
    t.equal(checked.code, 0, checked.output)
    write('src/careless.test.ts', (files.find(({ file }) => file === 'src/app.test.ts')?.code ?? '').replace('./messages.ts', './careless.ts'))
    write('src/careless.ts', (files.find(({ file }) => file === 'src/messages.ts')?.code ?? '').replace(' PRIMARY KEY', ''))
    t.match((await run(directory, process.execPath, ...FLAGS, '--test', 'src/careless.test.ts')).output, /fail 1\b/, 'one that saves twice is found out')
  },

  ...Object.fromEntries(['src/messages.ts', 'src/listeners/save-message.ts', 'src/listeners/log-report.ts', 'src/app.ts'].map((file) => [file, async (t: Test) => {
    t.ok(files.some(({ code }) => code.includes(`/${basename(file)}'`)), 'another file, which runs, imports it')
  }])),

  'limited.mjs': async (t) => {
    const { url, printed } = await start(t, 'limited.mjs', { ONEROUTE_SECRET: 'key' })
    const body = JSON.stringify(newMessage({ message: { content: 'below the limit' } }))
    const answer = await fetch(`${url}/webhooks/oneroute`, { method: 'POST', body, headers: { 'x-oneroute-signature': sign(body, 'key') } })
    t.match([answer.status, answer.headers.get('x-ratelimit-limit'), answer.headers.get('x-ratelimit-remaining')], [200, '6000', '5999'])
    await printed('below the limit')
    t.equal((await fetch(url)).headers.get('x-ratelimit-limit'), '100', 'other routes have their own')
  },

  'members.mjs': async (t) => {
    const { url, printed } = await start(t, 'members.mjs', { ONEROUTE_SECRET: 'key', PASSWORD: 'right' })
    const body = JSON.stringify(newMessage({ message: { content: 'without a login' } }))
    t.equal(await post(url, body, { 'x-oneroute-signature': sign(body, 'key') }), 200)
    await printed('without a login')
    const look = async (password: string) => (await fetch(url, { headers: { authorization: `Basic ${btoa(`somebody:${password}`)}` } })).status
    t.same([(await fetch(url)).status, await look('wrong'), await look('right')], [401, 401, 200])
  },

  'token.mjs': async (t) => {
    const { url, printed, output } = await start(t, 'token.mjs', { WEBHOOK_TOKEN: 'the-right-token' })
    const conversation = { id: 'with a token' }
    const send = async (query: string) => {
      const body = JSON.stringify(newMessage({ conversation }))
      return (await fetch(`${url}/webhooks/oneroute${query}`, { method: 'POST', body })).status
    }
    t.same([await send(''), await send('?token='), await send('?token=the-wrong-token'), await send('?token=the-right-token')], [401, 401, 401, 200])
    await printed('with a token')
    await printed('"msg":"request completed"')
    t.notMatch(output(), 'the-right-token')
  },

  'durable.test.mjs': async (t) => {
    t.match(commandsIn(section('Testing your app'))[0]?.words, /durable\.test\.mjs/, 'it runs with the others')
  },

  'guarded.mjs': async (t) => {
    const [oneroute = ''] = ONEROUTE_IPS
    const send = async (url: string, key: string, address = oneroute) => {
      const body = JSON.stringify(newMessage())
      return await post(url, body, { 'x-oneroute-signature': sign(body, key), 'x-forwarded-for': address })
    }
    const { url } = await start(t, 'guarded.mjs', { ONEROUTE_SECRET: 'new', ONEROUTE_OLD_SECRET: 'old' })
    t.same([await send(url, 'new'), await send(url, 'old'), await send(url, 'other'), await send(url, 'new', '192.0.2.1')], [200, 200, 401, 403])
    const { url: changed } = await start(t, 'guarded.mjs', { ONEROUTE_SECRET: 'new' })
    t.same([await send(changed, 'new'), await send(changed, 'old')], [200, 401], 'it starts without an old key, too')
    await t.rejects(start(t, 'guarded.mjs', { ONEROUTE_OLD_SECRET: 'old' }), /`secret` of .* must be a key/, 'but not without the new one')
  },

  'app.mjs': async (t) => {
    t.match(files.find(({ file }) => file === 'app.test.mjs')?.code, "from './app.mjs'", 'it runs with its test')
  },

  'app.test.mjs': async (t) => {
    const [command] = commandsIn(section('Testing your app'))
    const [node, ...args] = command?.words ?? []
    t.equal(node, 'node')
    const { code, output } = await run(directory, process.execPath, ...args)
    t.equal(code, 0, output)
    t.match(output, /pass 3\b/)
  },

  'twice.test.mjs': async (t) => {
    const code = files.find(({ file }) => file === 'twice.test.mjs')?.code ?? ''
    writeFileSync(join(directory, 'careless.test.mjs'), code.replace('if (isNew) ', ''))
    const { output } = await run(directory, process.execPath, '--test', 'careless.test.mjs')
    t.match(output, /fail 1\b/, 'a listener that does not look is found out')
    t.match(output, /\b2 == 1/) // in the words of any Node
  },

  'own-inbox.mjs': async (t) => {
    const broken = files.find(({ file }) => file === 'own-inbox.mjs')?.code.replace("state <> 'pending' AND id IN", "state = 'done' AND id IN") ?? ''
    writeFileSync(join(directory, 'broken-inbox.mjs'), broken)
    const suite = files.find(({ file }) => file === 'own-inbox.test.mjs')?.code.replace('./own-inbox.mjs', './broken-inbox.mjs') ?? ''
    writeFileSync(join(directory, 'broken-inbox.test.mjs'), suite)
    const { output } = await run(directory, process.execPath, '--test', '--test-name-pattern', 'put back as new', 'broken-inbox.test.mjs')
    t.match(output, /(✖|not ok \d+ -) dead and done events are put back as new, others are not/, 'one that replays no dead events is found out')
  },

  'small-inbox.mjs': async (t) => {
    writeFileSync(join(directory, 'small-inbox.test.mjs'), `
      import { test } from 'node:test'
      import { conformance } from 'fastify-oneroute-webhooks/conformance'
      import { smallInbox } from './small-inbox.mjs'
      for (const { name, run } of conformance(() => smallInbox(), { durable: false })) test(name, run)`)
    const { code, output } = await run(directory, process.execPath, '--test', 'small-inbox.test.mjs')
    t.equal(code, 0, output)
    t.match(output, new RegExp(`pass ${conformance(() => memoryInbox(), { durable: false }).length}\\b`), 'all cases of an inbox that is not durable')
  },

  'own-inbox.test.mjs': async (t) => {
    const [command] = commandsIn(section('The conformance suite'))
    const [node, ...args] = command?.words ?? []
    t.equal(node, 'node')
    const { code, output } = await run(directory, process.execPath, ...args)
    t.equal(code, 0, output)
    const cases = conformance(() => memoryInbox(), { kill: (store) => store })
    t.match(output, new RegExp(`pass ${cases.length}\\b`), 'all cases of a durable inbox')
    t.match(output, /fail 0\b/)
  },

  'refunds.ts': async (t) => {
    const { idsOfRefunds } = await import(pathToFileURL(join(directory, 'refunds.ts')).href) as { idsOfRefunds: (app: FastifyInstance) => Promise<string[]> } // as the block has it
    const { app } = await createApp(t, { inbox: memoryInbox({ history: 10 }) })
    app.webhooks.on('event', () => {})
    const receive = async (content: string) => (await app.webhooks.receive(newMessage({ message: { content } }))).id
    const ids = [await receive('Where is my Refund?'), await receive('another refund'), await receive('thank you')]
    t.same(await idsOfRefunds(app), [ids[1], ids[0]])
  },

  'orders.ts': async (t) => {
    const server = await start(t, 'orders.ts')
    t.equal(await post(server.url, '{"event":"orderPaid","total":12.5}'), 200)
    await server.printed('12.50')
    t.equal(await post(server.url, '{"event":"orderPaid","total":"12.5"}'), 400)
    t.equal(await post(server.url, '{"event":"orderLost"}'), 200)
    await server.printed('not known: orderLost')
  }
}

test('every block of code has a name, and a scenario here', async (t) => {
  t.same(files.map(({ file }) => file).sort(), Object.keys(scenarios).sort())
})

for (const [file, scenario] of Object.entries(scenarios)) test(`${file} runs`, scenario)

test('the quick start has twelve lines at the most', async (t) => {
  const [quickStart] = blocks(section('Quick start'))
  const lines = quickStart?.code.trim().split('\n').filter((line) => !line.startsWith('//')) ?? []
  t.ok(lines.length <= 12, `${lines.length} lines`)
})

/** In JavaScript a parameter has no type. */
const withoutTypes = { allowJs: true, checkJs: true, noImplicitAny: false }

for (const [language, more] of [['ts', {}], ['js', withoutTypes]] as const) {
  test(`blocks in ${language} are right by the types, whatever may be null or missing`, async (t) => {
    const compilerOptions = { noEmit: true, strict: true, exactOptionalPropertyTypes: true, skipLibCheck: true, module: 'nodenext', types: ['node'], allowImportingTsExtensions: true, ...more }
    const typed = files.filter((block) => block.language === language)
    t.not(typed.length, 0)
    for (const { file = '', code } of typed) write(file, code)
    writeFileSync(join(directory, `${language}.json`), JSON.stringify({ compilerOptions, files: typed.map(({ file }) => file) }))
    const { code, output } = await run(directory, join(root, 'node_modules/.bin/tsc'), '-p', `${language}.json`)
    t.equal(code, 0, output)
  })
}

/** What each command makes of its arguments: it throws if they are wrong. */
const PARSERS: Record<string, (args: string[]) => unknown> = {
  '--version': () => undefined, // it takes none
  send: (args) => parseSendOptions(args, {}),
  listen: (args) => parseListenOptions(args, {}),
  inbox: (args) => parseInboxOptions(args, { ONEROUTE_INBOX: args[0] === 'migrate' ? 'postgres://db/x' : 'webhooks.db' })
}

/** Services of the file that Compose is told to read, or reads by itself, and the words that come after that. */
function composed ([, ...words]: readonly string[]): { services: object, verb: readonly string[] } {
  const [name = '', verb] = words[0] === '-f' ? [words[1], words.slice(2)] : ['compose.yaml', words]
  return { services: (parse(configuration(name)) as { services: object }).services, verb } // as Compose has it
}

/** Programs that come from elsewhere: what of their words has to be something of these pages. */
const OF_OTHERS: Record<string, (words: readonly string[]) => string | undefined> = {
  sudo: (words) => problemOf(words),
  chmod: ([, file = '']) => namesBlock(file),
  cloudflared: (words) => words.some((word) => word.endsWith(':3000')) ? undefined : 'no such port',
  ngrok: (words) => words.includes('3000') ? undefined : 'no such port',
  journalctl: ([, unit = '']) => namesBlock(`/etc/systemd/system/${unit}.service`),
  systemctl: ([verb, ...words]) => verb === 'daemon-reload' ? undefined : namesBlock(`/etc/systemd/system/${words.at(-1) ?? ''}.service`),
  pm2: ([verb, word = '']) => verb === 'start' ? namesBlock(word) : configuration('ecosystem.config.cjs').includes(`name: '${word}'`) ? undefined : 'no such app',
  docker: (words) => {
    const { services, verb: [verb, ...rest] } = composed(words)
    if (verb === 'up') return rest.every((word) => word.startsWith('-')) ? undefined : 'words after up'
    if (verb === 'cp') return Object.hasOwn(services, rest[0]?.split(':')[0] ?? '') ? undefined : 'no such service'
    const at = rest.findIndex((word) => Object.hasOwn(services, word))
    if (verb !== 'exec' || at < 0) return `no service to ${verb ?? ''}`
    return ['rm', 'pg_dump'].includes(rest[at + 1] ?? '') ? undefined : problemOf(rest.slice(at + 1))
  }
}

function namesBlock (name: string): string | undefined {
  return blocks().some(({ file }) => file === name) ? undefined : `no block ${name}`
}

/** What is wrong with a command, if anything. */
function problemOf (words: readonly string[]): string | undefined {
  const [program = '', verb = '', ...rest] = words
  const known = (names: object, name: string) => Object.hasOwn(names, name) ? undefined : `no '${name}'`
  const first = (problems: Array<string | undefined>) => problems.find((problem) => problem !== undefined)
  if (program === 'node') {
    const run = words.filter((word) => /\.[cm]?[jt]s$/.test(word))
    return run.length === 0 ? 'nothing to run' : first(run.map((path) => namesBlock(path.replace(/^\/app\//, ''))))
  }
  if (program === 'npx') {
    const [command = '', ...args] = rest
    return known(manifest.bin, verb) ?? known(PARSERS, command) ?? (PARSERS[command]?.(args) === 'help' ? 'help' : undefined)
  }
  if (program !== 'npm') return known(OF_OTHERS, program) ?? OF_OTHERS[program]?.(words.slice(1))
  if (verb === 'i' && rest[0] === '-D') return first(rest.slice(1).map((name) => known(manifest.devDependencies, name)))
  if (verb === 'i') return first(rest.map((name) => known({ ...manifest.peerDependencies, [manifest.name]: '' }, name)))
  if (verb === 'ci') return rest.length === 0 ? undefined : 'no such lock file'
  const missing = rest.find((word) => word.startsWith('test/') && !existsSync(join(root, word)))
  return known(manifest.scripts, verb === 'run' ? rest[0] ?? '' : verb) ?? missing
}

test('every command names what there is', async (t) => {
  const commands = commandsIn(everything).map(({ words }) => words)
  const inText = codes(everything.replace(/^```.*?^```$/gms, '')).filter((code) => /^np[mx] /.test(code)).map((code) => code.split(' '))
  for (const words of [...commands, ...inText]) t.equal(problemOf(words), undefined, words.join(' '))
})
