import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'tap'
import type { Test } from 'tap'
import { parseListenOptions } from '../../../lib/cli/listen/options.ts'
import { sign } from '../../../lib/testing/testing.ts'
import { until } from '../../faults/helpers/until.ts'
import { message } from '../../helpers/app.ts'
import { newSchema, PostgresServer } from '../../helpers/postgres.ts'
import { temporaryFile } from '../../helpers/sqlite.ts'
import { cli } from '../helpers.ts'

/** The command, once it listens. */
async function listening (argv: string[] = [], given: Parameters<typeof cli>[1] = {}) {
  const interrupt = new AbortController()
  const out: string[] = []
  const { promise, resolve } = Promise.withResolvers<string>()
  let stderr = ''
  const ended = cli(['listen', '--port', '0', ...argv], {
    interrupt,
    ...given,
    onOutput: (text) => { out.push(text) },
    onError: (text) => {
      stderr += text
      const [, url] = /send --to (\S+)/.exec(stderr) ?? []
      if (url !== undefined) resolve(url)
    }
  })
  const url = await Promise.race([promise, ended.then(({ stderr }) => { throw new Error(stderr) })])
  const post = async (event: object, headers: Record<string, string> = {}) => {
    const answer = await fetch(url, { method: 'POST', body: JSON.stringify(event), headers: { 'content-type': 'application/json', ...headers } })
    const { id } = await answer.json() as { id?: string } // as the plugin answers
    return { status: answer.status, id }
  }
  const end = async () => {
    interrupt.abort()
    return await ended
  }
  return { url, post, end, out }
}

test('events are printed as JSON lines in a pipe, and nothing else is', async (t) => {
  const { url, post, end, out } = await listening(['--path', '/hooks'])
  t.match(url, /^http:\/\/127\.0\.0\.1:\d+\/hooks$/)
  const event = message('c1', 'hi')
  Object.assign(event.conversation.Channel, { credentials: { key: 'the key' } })
  const { id, status } = await post(event)
  t.equal(status, 200)
  await post(event)
  await post({ event: 'mine' })
  const { code, stdout, stderr } = await end()
  t.equal(code, 130)
  const lines = stdout.trim().split('\n').map((line) => JSON.parse(line) as { receivedAt: string })
  t.match(lines, [
    { id, name: 'newMessage', conversation: 'c1', attempt: 1, event: { conversation: { Channel: { credentials: '[redacted]' } }, message: { content: 'hi' } } },
    { name: 'mine', conversation: null, event: { event: 'mine' } }
  ])
  t.same(Object.keys(lines[0] ?? {}), ['id', 'name', 'conversation', 'receivedAt', 'attempt', 'event'])
  t.equal(new Date(lines[0]?.receivedAt ?? '').getTime() > 0, true)
  t.equal(out.length, 2)
  t.match(stderr, /^Listening on http\S+\/hooks for events of anybody: none has to be signed\nPost one: fastify-oneroute-webhooks send --to http\S+\nInspector, for this machine only: http\S+\/inspector\/\n2 events, 1 duplicate\n$/)
})

test('on a terminal an event is a line for people', async (t) => {
  const { post, end } = await listening([], { tty: 90, env: { NO_COLOR: '1' } })
  await post(message('c1', 'is \u001b[31manyone there?'.repeat(20)))
  await post({ event: 'smsDeliveryReport', message: null, conversation: { id: '1', externalId: '2', status: 'delivered', reason: 'to handset', from: 'Name', to: '12345', units: 0, delivered_time: new Date().toISOString(), createdAt: new Date().toISOString() } })
  await post({ event: 'orderPaid', total: 5 })
  const { stdout } = await end()
  const lines = stdout.trim().split('\n').map((line) => line.replace(/^[\d:]{8} {2}/, ''))
  t.match(lines[0], /^WHATSAPP {3}c1 {2}Message Sender {2}is anyone there\?.*…$/)
  t.same(lines.slice(1), ['SMS        1  12345  delivered: to handset', 'orderPaid  {"total":5}'])
  for (const line of lines) t.ok(line.length <= 80, line)
  const json = await listening(['--json'], { tty: 90 })
  await json.post({ event: 'mine' })
  t.match((await json.end()).stdout, /^{"id":/)
  const coloured = await listening([], { tty: 90 })
  await coloured.post({ event: 'mine' })
  t.match((await coloured.end()).stdout, '\u001b[36mmine     \u001b[39m')
})

test('what is refused is told of on stderr, and why', async (t) => {
  const { post, end } = await listening([], { env: { ONEROUTE_SECRET: 'the key' } })
  const event = message('c1', 'secret text')
  t.match(await post(event), { status: 401 })
  t.match(await post(event, { 'x-oneroute-signature': sign(event, 'the key ') }), { status: 401 })
  t.match(await post(event, { 'x-oneroute-signature': sign(event, 'the key') }), { status: 200 })
  const { stdout, stderr } = await end()
  t.match(stdout, /^{.*}\n$/)
  t.match(stderr, 'for events that are signed with the key\n')
  t.match(stderr, /\d\d:\d\d:\d\d {2}a signature is not valid: .+\n\d\d:\d\d:\d\d {2}a webhook was refused: The request has no valid signature: FST_ONEROUTE_BAD_SIGNATURE\n/)
  t.match(stderr, /\n1 event, 2 refused\n$/)
  t.notMatch(stderr, /the key[^\n]|secret text/)
})

test('a key with blanks around it is warned of', async (t) => {
  const { post, end } = await listening(['--secret', 'the key '])
  const event = message('c1', 'hi')
  t.match(await post(event, { 'x-oneroute-signature': sign(event, 'the key ') }), { status: 200 })
  const { stderr } = await end()
  t.match(stderr, /^[\d:]{8} {2}a key in `secret` begins or ends with a blank, which is a part of it: take the blank away if no signature fits\n/)
  t.notMatch(stderr, 'the key ')
})

test('what fails here is told of on stderr', async (t) => {
  const path = temporaryFile(t)
  const { post, end } = await listening(['--db', path])
  const { DatabaseSync } = await import('node:sqlite')
  const db = new DatabaseSync(path)
  db.exec('DROP TABLE bodies')
  db.close()
  t.match(await post({ event: 'mine' }), { status: 503 })
  t.match((await end()).stderr, /a webhook could not be taken in: .*\n0 events, 1 failed\n$/)
})

test('the inspector shows what came in, to this machine only, and nothing of what is redacted', async (t) => {
  const { url, post, end } = await listening(['--redact', 'customer'])
  const { origin } = new URL(url)
  await post(message('c1', 'hi'))
  const page = await fetch(`${origin}/inspector/`)
  t.match(await page.text(), /^<!doctype html>/i)
  t.match(await (await fetch(`${origin}/inspector/api/events`)).json(), { events: [{ text: 'hi', conversation: 'c1' }] })
  for (const name of ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via', 'cf-connecting-ip']) {
    for (const path of ['/', '/api/events']) t.equal((await fetch(`${origin}/inspector${path}`, { headers: { [name]: '127.0.0.1' } })).status, 403, `${name} ${path}`)
  }
  const { stderr } = await end()
  t.match(stderr, `Inspector, for this machine only: ${origin}/inspector/\n`)
})

test('an event that is not of its schema is printed, too', async (t) => {
  const { post, end } = await listening()
  t.equal((await post({ event: 'newMessage', conversation: { id: 'c1' } })).status, 200)
  const { stdout, stderr } = await end()
  t.match(JSON.parse(stdout), { name: 'newMessage', conversation: 'c1', event: { conversation: { id: 'c1' } } })
  t.match(stderr, /\n\d\d:\d\d:\d\d {2}a webhook is not of its schema: .*\/message: Expected .*\n/, 'and where it differs')
  t.match(stderr, /0 events, 1 invalid/)
})

test('events are kept in a file if that is asked for, where inbox finds them', async (t) => {
  const path = temporaryFile(t)
  const { post, end, out } = await listening(['--db', path])
  const { id } = await post({ event: 'mine' })
  await until(() => out.length === 1)
  // It is printed by a listener, and what a listener has done is recorded a moment later.
  await until(async () => (await cli(['inbox', 'show', String(id), '--db', path])).stdout.includes('"state":"done"'))
  await end()
  t.match((await cli(['inbox', 'stats', '--db', path])).stdout, /\bdone\W+1\b/, 'also when it has ended')
})

test('events are kept in PostgreSQL if that is asked for', async (t) => {
  const { url } = await PostgresServer.create(t)
  const schema = newSchema()
  const { post, end, out } = await listening(['--db', url, '--schema', schema])
  const { id } = await post({ event: 'mine' })
  await until(() => out.length === 1)
  t.match(await cli(['inbox', 'list', '--db', url, '--schema', schema]), { code: 0, stdout: new RegExp(String(id)) })
  await end()
})

async function takenPort (t: Test): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => { server.close() })
  return (server.address() as AddressInfo).port // it listens on a port
}

test('where it cannot listen it says so, and ends with 1', async (t) => {
  const port = await takenPort(t)
  t.same(await cli(['listen', '--port', String(port)]), {
    code: 1, stdout: '', stderr: `fastify-oneroute-webhooks listen: Port ${port} of 127.0.0.1 is taken: end what listens there, or give another --port\n`
  })
  t.match(await cli(['listen', '--port', '0', '--host', '192.0.2.1']), { code: 1, stderr: /It cannot listen on port 0 of 192\.0\.2\.1: .*EADDRNOTAVAIL/ })
  t.match(await cli(['listen', '--port', '0', '--db', '/nowhere/a.db']), { code: 1, stderr: /The inbox '\/nowhere\/a\.db' cannot be used/ })
})

test('the defaults are those that the help names', async (t) => {
  t.same(parseListenOptions([], {}), {
    port: 3_000, host: '127.0.0.1', path: '/webhooks/oneroute', secret: undefined, db: undefined, schema: 'oneroute_webhooks', json: false, redact: ['credentials']
  })
  t.match(parseListenOptions(['--secret', 'a'], { ONEROUTE_SECRET: 'b' }), { secret: 'a' })
  t.match(await cli(['listen', '-h']), { code: 0, stdout: /\(default: 3000\)[^]*\(default: 127\.0\.0\.1,[^]*\(default: \/webhooks\/oneroute\)/, stderr: '' })
})

test('Ctrl-C before it listens ends it, too', async (t) => {
  const interrupt = new AbortController()
  interrupt.abort()
  t.match(await cli(['listen', '--port', '0'], { interrupt }), { code: 130, stderr: /\n0 events\n$/ })
})

for (const [argv, message, env = {}] of [
  [['here'], "listen takes options only, got 'here'"],
  [['--port', '70000'], "--port must be an integer from 0 to 65535, got '70000'"],
  [['--port', ''], "--port must be an integer from 0 to 65535, got ''"],
  [['--path', 'hooks'], "--path must be a path such as /webhooks/oneroute, got 'hooks'"],
  [['--host', ' '], "--host must be an address of this machine, got ' '"],
  [['--secret', ' ', 'S3CRET'], 'listen takes options only, got what may be a part of the key'],
  [['http://u:S3CRET@h'], "listen takes options only, got 'http://***@h'"],
  [['--host', 'http://u:S3CRET@h'], "--host must be an address of this machine, got 'http://***@h'"],
  [['--path', 'http://u:S3CRET@h'], "--path must be a path such as /webhooks/oneroute, got 'http://***@h'"],
  [['--port', 'u:S3CRET@h'], "--port must be an integer from 0 to 65535, got '***@h'"],
  [['--db', 'host=db user=app password=S3CRET'], "--db must be a SQLite file, or an address such as postgres://user@host/database, got 'host=db user=app password=***'"],
  [['--db', 'postgres://app:a/S3CRET@db/x'], /^--db is an address that cannot be read, 'postgres:\/\/\*\*\*@db\/x': in a password/],
  [['--schema', 'postgres://app:S3CRET@db/x'], /^--schema must be the name of a schema, got 'postgres:\/\/\*\*\*@db\/x'/],
  [['--db', ''], "--db must be a SQLite file or a PostgreSQL address, got ''"],
  [['--secret', ''], "--secret is blank: give OneRoute's secret key, or nothing at all to accept unsigned events"],
  [[], /^The environment variable ONEROUTE_SECRET is blank/, { ONEROUTE_SECRET: ' ' }],
  [['--bogus'], "Unknown option '--bogus'"]
] as ReadonlyArray<readonly [string[], string | RegExp, Record<string, string>?]>) {
  test(`a mistake is named: listen ${argv.join(' ')}`, async (t) => {
    const { code, stdout, stderr } = await cli(['listen', ...argv], { env })
    t.equal(code, 2)
    t.equal(stdout, '')
    t.notMatch(stderr, 'S3CRET')
    const [, said = ''] = /^fastify-oneroute-webhooks listen: ([^]*)\nSee fastify-oneroute-webhooks listen --help\n$/.exec(stderr) ?? []
    if (typeof message === 'string') t.equal(said, message)
    else t.match(said, message)
  })
}
