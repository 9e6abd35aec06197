import { existsSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import webhooks from '../../index.ts'
import { sqliteInbox } from '../../lib/inbox/sqlite/inbox.ts'
import { post, turns } from '../helpers/app.ts'
import { Client, job } from './helpers/client.ts'
import { deliveriesIn } from './helpers/deliveries.ts'
import { folder } from './helpers/folder.ts'
import { HostProcess } from './helpers/host-process.ts'
import type { Settings } from './helpers/messages.ts'
import { until } from './helpers/until.ts'

tap.setTimeout(120_000) // many processes, or many runs: on a busy machine they take their time

const LOCKED = { code: 'FST_ONEROUTE_INBOX_LOCKED', message: /is in use/ }

/** Another process is refused, told which file it is about, and ends by itself. */
async function isLocked (t: Test, path: string): Promise<void> {
  const host = new HostProcess(t, { path, wait: 0 })
  const said = await host.start()
  if ('port' in said) {
    t.fail(`a second process has opened ${path}`)
    await host.kill()
    return
  }
  t.match(said, LOCKED)
  t.ok(said.message.includes(`'${resolve(path)}'`), 'the file is named, wherever the reader is')
  t.same(await host.ended(), { code: 1, signal: null }, 'it ends by itself')
}

function create (t: Test, inbox: ReturnType<typeof sqliteInbox>): FastifyInstance {
  const app = Fastify()
  t.teardown(async () => { await app.close() })
  void app.register(webhooks, { inbox })
  return app
}

test('a second process is refused by whatever name it knows the file, and the first one works on', async (t) => {
  const dir = folder(t)
  const [path, link, other] = [join(dir, 'inbox.db'), join(dir, 'link.db'), join(dir, 'other')]
  const deliveries = join(dir, 'deliveries')
  symlinkSync(path, link)
  symlinkSync(dir, other)
  writeFileSync(path, '')
  const first = new HostProcess(t, { path, deliveries })
  const client = new Client(t, await first.port())
  for (const [n, name] of [path, link, join(other, 'inbox.db'), join(other, 'link.db'), `${dir}/../${basename(dir)}/inbox.db`].entries()) {
    await isLocked(t, name)
    t.equal((await client.post(job('a', n))).statusCode, 200)
  }
  await until(() => deliveriesIn(deliveries).filter(({ what }) => what === 'done').length === 5)
  t.same(await first.kill('SIGTERM'), { code: 0, signal: null })
  await new HostProcess(t, { path: link }).port()
})

test('a link that leads nowhere yet is the same inbox as the file that comes of it', async (t) => {
  const dir = folder(t)
  const [path, link] = [join(dir, 'inbox.db'), join(dir, 'link.db')]
  symlinkSync(path, link)
  const first = new HostProcess(t, { path: link })
  await first.port()
  t.ok(existsSync(path))
  await isLocked(t, path)
  await isLocked(t, link)
  t.same(await first.kill('SIGTERM'), { code: 0, signal: null })
})

test('a killed owner does not keep its file', async (t) => {
  const dir = folder(t)
  const settings: Settings = { path: join(dir, 'inbox.db'), deliveries: join(dir, 'deliveries'), listener: 'stuck' }
  const first = new HostProcess(t, settings)
  t.equal((await new Client(t, await first.port()).post(job('a', 0))).statusCode, 200)
  t.same(await first.kill(), { code: null, signal: 'SIGKILL' })
  const next = new HostProcess(t, { ...settings, listener: 'quick' })
  await next.port()
  await until(() => deliveriesIn(settings.deliveries ?? '').some(({ what }) => what === 'done'))
})

test('an owner that stands still keeps its file', async (t) => {
  const path = join(folder(t), 'inbox.db')
  const first = new HostProcess(t, { path })
  const client = new Client(t, await first.port())
  first.process.kill('SIGSTOP')
  await isLocked(t, path)
  first.process.kill('SIGCONT')
  t.equal((await client.post(job('a', 0))).statusCode, 200)
})

test('of many processes that start at once, one gets the file', async (t) => {
  const path = join(folder(t), 'inbox.db')
  const hosts = Array.from({ length: 3 }, () => new HostProcess(t, { path, wait: 0 }))
  const said = await Promise.all(hosts.map(async (host) => await host.start()))
  t.equal(said.filter((line) => 'port' in line).length, 1)
  t.equal(said.filter((line) => 'code' in line && line.code === 'FST_ONEROUTE_INBOX_LOCKED').length, 2)
})

test('a second inbox in the same process is refused, and the first one keeps its file from others', async (t) => {
  const dir = folder(t)
  const [path, link] = [join(dir, 'inbox.db'), join(dir, 'link.db')]
  writeFileSync(path, '')
  symlinkSync(path, link)
  const first = create(t, sqliteInbox({ path }))
  await first.ready()
  for (const name of [path, link]) await t.rejects(async () => { await create(t, sqliteInbox({ path: name, wait: 0 })).ready() }, LOCKED)
  t.equal((await post(first, job('a', 0))).statusCode, 200)
  await isLocked(t, path)
  await first.close()
  const next = create(t, sqliteInbox({ path: link }))
  await next.ready()
  t.match(await next.webhooks.inbox.stats(), { pending: 1 })
})

test('an inbox is for one plugin at a time, and can be opened again after it was closed', async (t) => {
  const inbox = sqliteInbox({ path: join(folder(t), 'inbox.db') })
  const first = create(t, inbox)
  await first.ready()
  const second = create(t, inbox)
  await t.rejects(async () => { await second.ready() }, LOCKED)
  await second.close()
  t.equal((await post(first, job('a', 0))).statusCode, 200, 'the first one works on')
  await first.close()
  const heard: unknown[] = []
  for (const n of [1, 2]) {
    const next = create(t, inbox)
    await next.after()
    next.webhooks.on('event', (event) => { heard.push(event) })
    await next.ready()
    t.equal((await post(next, job('a', n))).statusCode, 200)
    while ((await inbox.stats()).pending > 0) await turns()
    await next.close()
  }
  t.match(heard, [{ n: 0 }, { n: 1 }, { n: 2 }])
})
