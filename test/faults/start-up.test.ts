import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import Fastify from 'fastify'
import { test } from 'tap'
import type { Test } from 'tap'
import webhooks from '../../index.ts'
import { sqliteInbox } from '../../lib/inbox/sqlite/inbox.ts'
import { isOpen } from '../helpers/open-to-all.ts'
import { root } from '../helpers/package.ts'
import { Client, job } from './helpers/client.ts'
import { folder } from './helpers/folder.ts'
import { HostProcess } from './helpers/host-process.ts'
import type { Settings } from './helpers/messages.ts'

/** Nobody in particular: file permissions count for them. */
const NOBODY = 65_534
const isRoot = process.getuid?.() === 0
const skip = isRoot && !isOpen(root) && 'nobody but root may enter this checkout'

/** Files that belong to whoever the host is to be, and a host that is not root: permissions do not count for root. */
function asNobody (...files: string[]): Pick<Settings, 'uid'> {
  if (!isRoot) return {}
  for (const file of files) chownSync(file, NOBODY, NOBODY)
  return { uid: NOBODY }
}

/** The host does not start, says why, and ends by itself: no thread and no timer keeps it. */
async function unusable (t: Test, settings: Settings, reason: RegExp): Promise<void> {
  const host = new HostProcess(t, settings)
  const said = await host.start()
  if ('port' in said) {
    t.fail(`a host has opened ${settings.path}`)
    await host.kill()
    return
  }
  t.match(said, { code: 'FST_ONEROUTE_INBOX_UNUSABLE', message: reason })
  t.ok(said.message.includes(`'${settings.path}'`), 'the file is named')
  t.same(await host.ended(), { code: 1, signal: null }, 'it ends by itself')
}

/** The same within this process: nothing of what was opened is left. */
async function isRefusedHere (t: Test, path: string, reason: RegExp): Promise<void> {
  const resources = () => process.getActiveResourcesInfo().filter((name) => name === 'MessagePort' || name === 'Timeout').length
  const before = resources()
  const app = Fastify()
  void app.register(webhooks, { inbox: sqliteInbox({ path }) })
  await t.rejects(async () => { await app.ready() }, { code: 'FST_ONEROUTE_INBOX_UNUSABLE', message: reason })
  t.equal(resources(), before)
  await app.close()
}

function edit (file: string, sql: string): void {
  const db = new DatabaseSync(file)
  db.exec(sql)
  db.close()
}

/** An inbox with one event in it. */
async function used (t: Test, path: string): Promise<void> {
  const host = new HostProcess(t, { path })
  const client = new Client(t, await host.port())
  t.equal((await client.post(job('a', 0))).statusCode, 200)
  t.same(await host.kill('SIGTERM'), { code: 0, signal: null })
}

async function starts (t: Test, settings: Settings): Promise<void> {
  const host = new HostProcess(t, settings)
  const client = new Client(t, await host.port())
  t.equal((await client.post(job('z', 0))).statusCode, 200)
  t.same(await host.kill('SIGTERM'), { code: 0, signal: null })
}

test('a file that is no database is refused, and left as it is', async (t) => {
  const path = join(folder(t), 'inbox.db')
  for (const content of ['My notes.\n'.repeat(1_000), 'short', '\0'.repeat(4_096)]) {
    writeFileSync(path, content)
    await isRefusedHere(t, path, /not a database/)
    t.equal(readFileSync(path, 'utf8'), content)
  }
})

test('a database of another program is refused, and left as it is', async (t) => {
  const path = join(folder(t), 'inbox.db')
  edit(path, 'CREATE TABLE customers (name TEXT); INSERT INTO customers VALUES (\'Ada\')')
  const before = readFileSync(path)
  await unusable(t, { path }, /another program/)
  t.ok(before.equals(readFileSync(path)))
})

test('a database that a newer version has written is refused, and left as it is', async (t) => {
  const path = join(folder(t), 'inbox.db')
  await used(t, path)
  edit(path, 'PRAGMA user_version = 1000')
  const before = readFileSync(path)
  await unusable(t, { path }, /version 1000.*newer version/)
  t.ok(before.equals(readFileSync(path)))
})

test('a folder that does not exist is named', async (t) => {
  await unusable(t, { path: join(folder(t), 'nowhere', 'inbox.db') }, /its folder does not exist: make it first/)
})

test('a folder is no file', async (t) => {
  const path = folder(t)
  await unusable(t, { path: join(path, '.') }, /directory|no file|not a file/)
  mkdirSync(join(path, 'inbox.db'))
  await unusable(t, { path: join(path, 'inbox.db') }, /directory|no file|not a file/)
})

test('a folder that must not be written to is named', { skip }, async (t) => {
  const dir = folder(t)
  const user = asNobody(dir)
  chmodSync(dir, 0o555)
  await unusable(t, { path: join(dir, 'inbox.db'), ...user }, /permission denied|read-?only/)
  t.same(readdirSync(dir), [])
})

test('an inbox in a folder that must not be written to any more is refused', { skip }, async (t) => {
  const dir = folder(t)
  const path = join(dir, 'inbox.db')
  await used(t, path)
  const user = asNobody(dir, ...readdirSync(dir).map((name) => join(dir, name)))
  chmodSync(dir, 0o555)
  await unusable(t, { path, ...user }, /./)
  chmodSync(dir, 0o755)
  await starts(t, { path, ...user })
})

test('a file that must not be written to is refused', { skip }, async (t) => {
  const dir = folder(t)
  const path = join(dir, 'inbox.db')
  await used(t, path)
  const user = asNobody(dir, ...readdirSync(dir).map((name) => join(dir, name)))
  chmodSync(path, 0o444)
  await unusable(t, { path, ...user }, /permission denied|read-?only/)
  chmodSync(path, 0o600)
  await starts(t, { path, ...user })
})

test('a file of another user is refused', { skip }, async (t) => {
  const dir = folder(t)
  const path = join(dir, 'inbox.db')
  await used(t, path)
  // Whoever runs this test without being root cannot give a file away, but can take every right from it.
  chmodSync(path, isRoot ? 0o600 : 0o000)
  await unusable(t, { path, ...asNobody(dir) }, /permission denied|read-?only/)
})

test('an inbox whose file is damaged is refused, or works: it never hangs', async (t) => {
  const path = join(folder(t), 'inbox.db')
  await used(t, path)
  const intact = readFileSync(path)
  for (const at of [100, 2_000, 4_096, 8_192, 20_000]) {
    const damaged = Buffer.from(intact)
    damaged.fill(0xa5, at, at + 1_000)
    writeFileSync(path, damaged)
    const app = Fastify()
    void app.register(webhooks, { inbox: sqliteInbox({ path }) })
    try {
      await app.ready()
      t.pass(`${at}: nothing that it needs`)
    } catch (error) {
      t.match(error, { code: 'FST_ONEROUTE_INBOX_UNUSABLE', message: /malformed|another program|not a database|cannot be used/ }, `damaged at ${at}`)
    }
    await app.close()
  }
})

test('a file of no bytes becomes an inbox', async (t) => {
  const path = join(folder(t), 'inbox.db')
  writeFileSync(path, '')
  await starts(t, { path })
})

test('what another database has left beside a new file does no harm', async (t) => {
  const dir = folder(t)
  const path = join(dir, 'inbox.db')
  const killed = new HostProcess(t, { path })
  t.equal((await new Client(t, await killed.port()).post(job('a', 0))).statusCode, 200)
  await killed.kill()
  t.ok(existsSync(`${path}-wal`))
  writeFileSync(path, '')
  writeFileSync(`${path}-journal`, 'left over')
  await starts(t, { path })
})
