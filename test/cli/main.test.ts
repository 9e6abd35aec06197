import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import { COVERED, FLAGS } from '../helpers/environment.ts'
import { createReceiver, hmac } from './helpers.ts'

const MAIN = fileURLToPath(new URL('../../lib/cli/main.ts', import.meta.url))

const { ONEROUTE_SECRET: _, ...WITHOUT_SECRET } = COVERED

tap.jobs = 3 // they wait for processes to start, and share nothing

function start (t: Test, argv: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [...FLAGS, MAIN, ...argv], { env: { ...WITHOUT_SECRET, ...env } })
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

async function end (child: ReturnType<typeof start>) {
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { stdout, stderr, code: child.exitCode }
}

test('the command posts, signs with the key of the environment, and ends with 0', async (t) => {
  const { requests, url } = await createReceiver(t)
  // Its standard input stays open, which must not keep it.
  const { code, stdout, stderr } = await end(start(t, ['send', '--to', url], { ONEROUTE_SECRET: 'a secret key' }))
  t.equal(code, 0)
  t.match(stdout, /200 OK/)
  t.equal(stderr, '', 'and no bar, in a pipe')
  t.notMatch(stdout, /a secret key/)
  const [request] = requests
  t.equal(request?.headers['x-oneroute-signature'], hmac(request?.raw ?? Buffer.of(), 'a secret key'))
})

test('the exit code is 1 if an answer is not 200, and 2 if the command line is wrong', async (t) => {
  const { url } = await createReceiver(t, (response) => response.writeHead(503).end())
  t.match(await end(start(t, ['send', '--to', url])), { code: 1, stdout: /503 Service Unavailable/, stderr: '' })
  t.match(await end(start(t, ['send', '--bogus'])), { code: 2, stdout: '', stderr: /Unknown option '--bogus'/ })
})

test('an event is read from standard input', async (t) => {
  const { requests, url } = await createReceiver(t)
  const child = start(t, ['send', '-', '--to', url])
  child.stdin.end(' {"event": "mine"}\r\n')
  t.match(await end(child), { code: 0 })
  t.same(requests.map(({ raw }) => String(raw)), [' {"event": "mine"}\r\n'])
})

test('Ctrl-C stops it, and what was done is summed up', async (t) => {
  const { requests, url } = await createReceiver(t, (response) => {
    response.end()
    if (requests.length === 3) child.kill('SIGINT')
  })
  const child = start(t, ['send', '--to', url, '--count', '1000', '--rate', '50'])
  t.match(await end(child), { code: 130, stdout: /^\d+ of 1000 events, then interrupted, unsigned/, stderr: '' })
  t.ok(requests.length < 200, String(requests.length))
})

test('Ctrl-C ends it while it waits for standard input', async (t) => {
  const child = start(t, ['send', '-'])
  // It reads when it has taken more than the pipe holds.
  const chunk = Buffer.alloc(1 << 20)
  if (!child.stdin.write(chunk)) await once(child.stdin, 'drain')
  child.stdin.on('error', () => undefined)
  child.kill('SIGINT')
  t.match(await end(child), { code: 130, stdout: '', stderr: '' })
})

test('listen prints events in a pipe until Ctrl-C', async (t) => {
  const child = start(t, ['listen', '--port', '0'], { ONEROUTE_SECRET: 'a secret key' })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => { said += chunk.toString() })
  while (!said.includes('send --to')) await once(child.stderr, 'data')
  const [, url = ''] = /send --to (\S+)/.exec(said) ?? []
  const sent = end(start(t, ['send', '--to', url], { ONEROUTE_SECRET: 'a secret key' }))
  child.stdout.once('data', () => { void sent.then(() => { child.kill('SIGINT') }) })
  const [stdout] = await Promise.all([text(child.stdout), once(child, 'close')])
  t.match(await sent, { code: 0 })
  t.match(stdout, /^{"id":"[^]*}\n$/)
  t.equal(child.exitCode, 130)
  t.match(said, /\n1 event\n$/)
})

test('listen ends when the reader of its pipe has left', async (t) => {
  const child = start(t, ['listen', '--port', '0'])
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => { said += chunk.toString() })
  while (!said.includes('send --to')) await once(child.stderr, 'data')
  child.stdout.destroy()
  const [, url = ''] = /send --to (\S+)/.exec(said) ?? []
  const closed = once(child, 'close')
  t.match(await end(start(t, ['send', '--to', url])), { code: 0 })
  await closed
  t.equal(child.exitCode, 130)
})

test('it warns of what can be mended, and not of what Node calls experimental', async (t) => {
  const warn = "process.once('beforeExit', () => { process.emitWarning('seen'); process.emitWarning('unseen', 'ExperimentalWarning') })"
  const child = spawn(process.execPath, ['--experimental-strip-types', '--import', `data:text/javascript,${encodeURIComponent(warn)}`, MAIN, '--version'], { env: WITHOUT_SECRET })
  const { stderr, code } = await end(child)
  t.equal(code, 0)
  t.match(stderr, /Warning: seen/)
  t.notMatch(stderr, /unseen/)
})

test('a reader that leaves early is no failure', async (t) => {
  const child = start(t, ['--help'])
  child.stdout.destroy()
  const [stderr] = await Promise.all([text(child.stderr), once(child, 'close')])
  t.equal(stderr, '')
  t.equal(child.exitCode, 0)
})

test('output that cannot be written is a failure', { skip: process.platform !== 'linux' && 'needs /dev/full' }, (t) => {
  const full = openSync('/dev/full', 'w')
  t.teardown(() => { closeSync(full) })
  const { status, stderr } = spawnSync(process.execPath, [...FLAGS, MAIN, '--help'], { stdio: ['ignore', full, 'pipe'], encoding: 'utf8' })
  t.match(stderr, /ENOSPC/)
  t.equal(status, 1)
  t.end()
})
