import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { Client, job } from '../helpers/client.ts'
import { folder } from '../helpers/folder.ts'
import { HostProcess } from '../helpers/host-process.ts'
import { starts } from '../helpers/start-up.ts'

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
