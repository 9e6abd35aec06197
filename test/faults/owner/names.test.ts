import { existsSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import tap, { test } from 'tap'
import { Client, job } from '../helpers/client.ts'
import { deliveriesIn } from '../helpers/deliveries.ts'
import { folder } from '../helpers/folder.ts'
import { HostProcess } from '../helpers/host-process.ts'
import { isLocked } from '../helpers/locked.ts'
import { until } from '../helpers/until.ts'

tap.jobs = 2 // they wait for processes to start, and share nothing

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
