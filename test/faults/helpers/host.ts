// A process of its own: an app with the plugin and a durable inbox, which a test may kill. It is started by `HostProcess`.
import { once } from 'node:events'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { extname } from 'node:path'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import type { Inbox } from '../../../index.ts'
import { collectWith } from './collector.ts'
import type { Collected, Delivered, Requested, Settings, Started } from './messages.ts'
import { monotonic } from './monotonic.ts'

const { dist, path = '', postgres, held = false, keep, wait, level = 'warn', ahead = 0, uid, deliveries, ballast, listener = 'quick', stuck, poison, collect, measured = false, replace, options = {} } = JSON.parse(process.argv[2] ?? '') as Settings // HostProcess has written it

/** A file of the package. */
async function load<T> (file: string): Promise<T> {
  return await import(dist === undefined ? `../../../${file}${extname(import.meta.filename)}` : `${dist}/${file}.js`) as T // the caller knows it
}

const { default: webhooks, isCoded } = await load<typeof import('../../../index.ts')>('index')

const inbox = await replaced(await createInbox())

async function createInbox (): Promise<Inbox> {
  if (postgres === undefined) {
    const { sqliteInbox } = await load<typeof import('../../../lib/inbox/sqlite/inbox.ts')>('lib/inbox/sqlite/inbox')
    return sqliteInbox({ path, keep, wait })
  }
  const { postgresInbox } = await load<typeof import('../../../lib/inbox/postgres/inbox.ts')>('lib/inbox/postgres/inbox')
  return postgresInbox(postgres)
}

async function replaced (inbox: Inbox): Promise<Inbox> {
  if (replace === undefined) return inbox
  const { default: make } = await import(replace) as { default: (inbox: Inbox) => Inbox } // as Settings says
  return make(inbox)
}

async function measure (): Promise<void> {
  const { metrics } = await load<typeof import('../../../lib/observe/metrics/metrics.ts')>('lib/observe/metrics/metrics')
  const { Registry } = await import('prom-client')
  await app.register(metrics, { registry: new Registry(), path: '/metrics' })
}

const { now } = Date
Date.now = () => now() + ahead
const app = Fastify({ logger: { level, stream: process.stderr } })
const log = deliveries === undefined ? undefined : openSync(deliveries, 'a')

function say (line: Started): void {
  writeSync(process.stdout.fd, `${JSON.stringify(line)}\n`)
}

/** At once, and by the kernel: what was noted stays, however this process ends. */
function note (line: Omit<Delivered, 'pid' | 'at'> | Omit<Collected, 'pid' | 'at'> | Requested): void {
  if (log !== undefined) writeSync(log, `${JSON.stringify({ ...line, pid: process.pid, at: monotonic() })}\n`)
}

/** What a listener does with an event is in the event: `fails` says how often it fails, `turns` and `pause`, in milliseconds, how long it takes. */
interface Job {
  id: string
  conversation: { id: string }
  n: number
  fails?: number
  turns?: number
  pause?: number
}

async function end (how: 'exit' | 'kill' | 'throw'): Promise<void> {
  await turn()
  if (how === 'exit') process.exit(3)
  if (how === 'kill') process.kill(process.pid, 'SIGKILL')
  setTimeout(() => { throw new Error('nobody catches this') })
  await new Promise(() => {})
}

function listen (): void {
  app.webhooks.on('event', (event, context) => {
    const { conversation: { id: conversation }, n, fails = 0, turns = 0, pause = 0 } = event as unknown as Job // what the tests post
    const { attempt } = context
    const noted = (what: Delivered['what']) => { note({ what, conversation, n, attempt }) }
    const finish = () => {
      noted(attempt <= fails ? 'failed' : 'done')
      if (attempt <= fails) throw new Error('as it was told')
    }
    noted('start')
    if (poison?.conversation === conversation && n === 0) return end(poison.end)
    if (listener === 'stuck') return new Promise(() => {})
    if (conversation === stuck) return new Promise(() => { context.signal.addEventListener('abort', () => { noted('failed') }) })
    if (turns === 0 && pause === 0) {
      finish()
      return undefined
    }
    return (async () => {
      for (let i = 0; i < turns; i++) await turn()
      if (pause > 0) await sleep(pause)
      finish()
    })()
  })
  app.webhooks.on('error', ({ event, dead, context: { attempt } }) => {
    const { conversation: { id: conversation }, n } = event as unknown as Job // as above
    if (dead) note({ what: 'dead', conversation, n, attempt })
  })
}

/** Fills the disk that this process sees: it may have one of its own. */
function fill (file: string): void {
  const fd = openSync(file, 'w')
  // Less and less at once, until not even one more byte fits in.
  for (let size = 65_536; size >= 1; size /= 2) {
    try {
      for (;;) writeSync(fd, Buffer.alloc(size))
    } catch {}
  }
  closeSync(fd) // or it would keep its room after it was removed
}

function addRoutes (): void {
  app.addHook('onRequest', async ({ headers: { 'x-name': name } }) => {
    if (typeof name === 'string') note({ what: 'request', name })
  })
  app.get('/alive', async () => ({ pid: process.pid }))
  app.get('/memory', async () => process.memoryUsage())
  app.get('/stats', async () => await app.webhooks.inbox.stats())
  app.post('/fill', async () => { if (ballast !== undefined) fill(ballast) })
  app.post('/empty', async () => { if (ballast !== undefined) rmSync(ballast) })
}

try {
  if (held) {
    await once(process.stdin, 'data')
    process.stdin.destroy() // or it would keep the process
  }
  if (uid !== undefined) process.setuid?.(uid)
  addRoutes()
  process.once('SIGTERM', () => { void app.close() })
  await app.register(webhooks, { inbox, ...options })
  if (measured) await measure()
  if (collect?.alone !== true) listen()
  if (collect !== undefined) collectWith(app.webhooks, collect, note)
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  say({ port: Number(new URL(url).port) })
  flushCompileCache() // Node does that when a process ends, but many of these are killed
} catch (error) {
  // It neither exits nor closes: nothing may keep a process whose start has failed.
  process.exitCode = 1
  say(isCoded(error) ? { code: error.code, message: error.message } : { message: String(error) })
}
