import { fork } from 'node:child_process'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { json } from 'node:stream/consumers'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import { memoryInbox, ONEROUTE_IPS } from '../index.ts'
import { parseInboxOptions } from '../lib/cli/inbox/options.ts'
import { parseListenOptions } from '../lib/cli/listen/options.ts'
import { parseSendOptions } from '../lib/cli/send/options.ts'
import { conformance } from '../lib/inbox/conformance/conformance.ts'
import { newMessage, sign } from '../lib/testing/testing.ts'
import { until } from './faults/helpers/until.ts'
import { manifestOf, root, run } from './helpers/package.ts'
import { postgresUrl } from './helpers/postgres.ts'
import { blocks, codes, everything, section } from './helpers/pages.ts'

tap.setTimeout(240_000)

const manifest = manifestOf(root)
const files = blocks().filter(({ language }) => language === 'js' || language === 'ts')

// Below the project, so that its name leads to dist, as an installed one's would.
const directory = tap.testdir(Object.fromEntries(files.map(({ file = '', code }) => [file, code])))

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

interface Running {
  url: string
  /** Settles when it has printed this. */
  printed: (text: string) => Promise<void>
}

/** Runs a block that listens, as it is but for its port. */
async function start (t: Test, file: string, env: Command['env'] = {}): Promise<Running> {
  const code = files.find((block) => block.file === file)?.code ?? ''
  t.match(code, '{ port: 3000 }', 'it listens where the rest of the pages expects it')
  writeFileSync(join(directory, file), code.replace('{ port: 3000 }', '{ port: 0 }') + `
    const tell = () => { process.send(app.server.address().port) }
    app.server.listening ? tell() : app.server.once('listening', tell)`)
  const execArgv = ['--experimental-strip-types', '--disable-warning=ExperimentalWarning'] // what Node 22 needs for the one in TypeScript
  const child = fork(join(directory, file), { cwd: directory, silent: true, execArgv, env: { ...process.env, ...env } })
  t.teardown(async () => {
    child.kill()
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => { output += chunk.toString() })
  const [port] = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => { throw new Error(output) })]) as [number] // as it tells
  return {
    url: `http://127.0.0.1:${port}`,
    printed: async (text) => {
      while (!output.includes(text)) {
        await once(child.stdout ?? child, 'data', { signal: AbortSignal.timeout(20_000) })
          .catch(() => { throw new Error(`It has not printed '${text}', but:\n${output}`) })
      }
    }
  }
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
  },

  'server.cjs': async (t) => {
    const server = await start(t, 'server.cjs', { ONEROUTE_SECRET: 'key' })
    const body = JSON.stringify(newMessage({ message: { content: 'by require' } }))
    t.equal(await post(server.url, body, { 'x-oneroute-signature': sign(body, 'key') }), 200)
    await server.printed('by require')
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
    const [begin, play] = commandsIn(section('A bad day'))
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

  'notify.mjs': async (t) => {
    const told: unknown[] = []
    const other = createServer((request, response) => {
      void json(request).then((value) => {
        if (request.url === '/notify') told.push(value)
        response.writeHead(request.url === '/notify' ? 204 : 500).end()
      })
    })
    await new Promise<void>((resolve) => { other.listen(0, '127.0.0.1', resolve) })
    t.teardown(() => { other.closeAllConnections(); other.close() })
    const { port } = other.address() as AddressInfo // it listens on TCP
    const server = await start(t, 'notify.mjs', { ONEROUTE_SECRET: 'key', CRM_URL: `http://127.0.0.1:${port}/crm`, NOTIFY_URL: `http://127.0.0.1:${port}/notify` })
    const body = JSON.stringify(newMessage({ message: { content: 'to be forwarded' } }))
    t.equal(await post(server.url, body, { 'x-oneroute-signature': sign(body, 'key') }), 200)
    await until(() => told.length > 0)
    const { retryAt, ...rest } = told[0] as Record<string, unknown> // as it was posted
    t.same(rest, { listener: 'forward', dead: false, id: hash('sha256', body, 'base64url') }, 'and nothing of the event')
    t.ok(Date.parse(String(retryAt)) > 0)
    await server.printed(`127.0.0.1:${port} has answered 500`)
  },

  'reply.mjs': async (t) => {
    const keys: Array<[string | undefined, unknown]> = []
    const other = createServer((request, response) => {
      keys.push([request.url, request.headers['idempotency-key']])
      response.writeHead(request.url === '/replies' && keys.length < 3 ? 500 : 204).end()
      request.resume()
    })
    await new Promise<void>((resolve) => { other.listen(0, '127.0.0.1', resolve) })
    t.teardown(() => { other.closeAllConnections(); other.close() })
    const { port } = other.address() as AddressInfo // it listens on TCP
    const server = await start(t, 'reply.mjs', { ONEROUTE_SECRET: 'key', TICKETS_URL: `http://127.0.0.1:${port}/tickets`, REPLIES_URL: `http://127.0.0.1:${port}/replies` })
    const body = JSON.stringify(newMessage())
    t.equal(await post(server.url, body, { 'x-oneroute-signature': sign(body, 'key') }), 200)
    await until(() => keys.length > 2)
    const id = hash('sha256', body, 'base64url')
    t.same(keys.slice(0, 2).sort(), [['/replies', `${id}:reply`], ['/tickets', `${id}:openTicket`]])
    t.same(keys.slice(2), [['/replies', `${id}:reply`]], 'only the step that failed, with the same key')
  },

  'guarded.mjs': async (t) => {
    const { url } = await start(t, 'guarded.mjs', { ONEROUTE_SECRET: 'new', ONEROUTE_OLD_SECRET: 'old' })
    const send = async (key: string, address: string) => {
      const body = JSON.stringify(newMessage())
      return await post(url, body, { 'x-oneroute-signature': sign(body, key), 'x-forwarded-for': address })
    }
    const [oneroute = ''] = ONEROUTE_IPS
    t.same([await send('new', oneroute), await send('old', oneroute), await send('other', oneroute), await send('new', '192.0.2.1')], [200, 200, 401, 403])
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
    t.match(output, /pass 2\b/)
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
    const compilerOptions = { noEmit: true, strict: true, exactOptionalPropertyTypes: true, skipLibCheck: true, module: 'nodenext', types: ['node'], ...more }
    const typed = files.filter((block) => block.language === language)
    t.not(typed.length, 0)
    for (const { file = '', code } of typed) writeFileSync(join(directory, file), code)
    writeFileSync(join(directory, `${language}.json`), JSON.stringify({ compilerOptions, files: typed.map(({ file }) => file) }))
    const { code, output } = await run(directory, join(root, 'node_modules/.bin/tsc'), '-p', `${language}.json`)
    t.equal(code, 0, output)
  })
}

/** What each command makes of its arguments: it throws if they are wrong. */
const PARSERS: Record<string, (args: string[]) => unknown> = {
  send: (args) => parseSendOptions(args, {}),
  listen: (args) => parseListenOptions(args, {}),
  inbox: (args) => parseInboxOptions(args, { ONEROUTE_INBOX: args[0] === 'migrate' ? 'postgres://db/x' : 'webhooks.db' })
}

/** What is wrong with a command, if anything. */
function problemOf (words: readonly string[]): string | undefined {
  const [program = '', verb = '', ...rest] = words
  const known = (names: object, name: string) => Object.hasOwn(names, name) ? undefined : `no '${name}'`
  if (program === 'node') return files.some(({ file }) => file === words.at(-1)) ? undefined : 'no such block'
  if (program === 'npx') {
    const [command = '', ...args] = rest
    return known(manifest.bin, verb) ?? known(PARSERS, command) ?? (PARSERS[command]?.(args) === 'help' ? 'help' : undefined)
  }
  if (program !== 'npm') return `no program '${program}'`
  if (verb === 'i') return rest.map((name) => known({ ...manifest.peerDependencies, [manifest.name]: '' }, name)).find((problem) => problem !== undefined)
  if (verb === 'ci') return rest.length === 0 || rest.join(' ') === '--prefix bench' ? undefined : 'no such lock file'
  return known(manifest.scripts, verb === 'run' ? rest[0] ?? '' : verb)
}

test('every command names what there is', async (t) => {
  const commands = commandsIn(everything).map(({ words }) => words)
  const inText = codes(everything.replace(/^```.*?^```$/gms, '')).filter((code) => /^np[mx] /.test(code)).map((code) => code.split(' '))
  for (const words of [...commands, ...inText]) t.equal(problemOf(words), undefined, words.join(' '))
})
