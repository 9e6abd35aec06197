import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import Fastify from 'fastify'
import { test } from 'tap'
import type { Test } from 'tap'
import webhooks from '../../../index.ts'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { folder } from '../helpers/folder.ts'
import { unusable, used } from '../helpers/start-up.ts'

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
