import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import { openInbox } from '../helpers/sqlite.ts'
import { folder } from './helpers/folder.ts'
import { ENV, FLAGS } from '../helpers/environment.ts'
import { until } from './helpers/until.ts'

tap.jobs = 2 // they wait for Node to see that a file has changed, and share nothing

const IMPORTS = `
  import Fastify from '${import.meta.resolve('fastify')}'
  import webhooks from '${new URL('../../index.ts', import.meta.url).href}'
  import { sqliteInbox } from '${new URL('../../lib/inbox/sqlite/inbox.ts', import.meta.url).href}'
`

/** `node --watch` in a folder, and what it and the file say. */
function watch (t: Test, cwd: string, ...args: string[]) {
  const node = spawn(process.execPath, [...FLAGS, '--watch', ...args], { cwd, env: ENV, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(node, 'close')
  const said = { all: '' }
  for (const stream of [node.stdout, node.stderr]) stream.setEncoding('utf8').on('data', (text: string) => { said.all += text })
  const stop = async () => {
    node.kill()
    await ended
  }
  t.teardown(stop)
  return {
    stop,
    /** Until it has said this. Fails when it says that something has failed. */
    async says (what: string | RegExp, failure = /\bnot ok\b|Error\b|Failed running/): Promise<void> {
      await until(() => (typeof what === 'string' ? said.all.includes(what) : what.test(said.all)) || failure.test(said.all))
      t.match(said.all, what)
    }
  }
}

test('an app that node --watch starts again delivers what its earlier run has left, and has the file', async (t) => {
  const dir = folder(t)
  const path = join(dir, 'inbox.db')
  const app = (version: number, rest: string) => {
    writeFileSync(join(dir, 'app.mjs'), `${IMPORTS}
      const app = Fastify()
      process.once('SIGTERM', () => { app.close() })
      await app.register(webhooks, { inbox: sqliteInbox({ path: '${path}' }) })
      ${rest}
      await app.listen({ port: 0, host: '127.0.0.1' })
      const { status } = await app.webhooks.receive({ event: 'job', n: ${version} })
      console.log('version ${version} has', status, 'event ${version}')`)
  }
  app(1, '')
  const node = watch(t, dir, 'app.mjs')
  await node.says('version 1 has accepted event 1')
  app(2, "app.webhooks.on('unknown', ({ n }) => { console.log('version 2 delivers event', n) })")
  await node.says('version 2 delivers event 1')
  await node.says('version 2 has accepted event 2')
  await node.says('version 2 delivers event 2')
  await t.rejects(openInbox(t, { path, wait: 0 }), { code: 'FST_ONEROUTE_INBOX_LOCKED' })
  await node.stop()
  t.match(await (await openInbox(t, { path })).stats(), { pending: 0, done: 2 })
})

test('tests that node --test --watch runs again can use the SQLite inbox', async (t) => {
  const dir = folder(t)
  const write = (version: number) => {
    writeFileSync(join(dir, 'app.test.mjs'), `${IMPORTS}
      import { test } from 'node:test'
      test('version ${version}', async () => {
        const app = Fastify()
        await app.register(webhooks, { inbox: sqliteInbox({ path: '${join(dir, 'inbox.db')}' }) })
        const heard = new Promise((resolve) => { app.webhooks.on('unknown', resolve) })
        await app.ready()
        await app.webhooks.receive({ event: 'job', n: ${version} })
        await heard
        await app.close()
      })`)
  }
  write(1)
  const node = watch(t, dir, '--test', '--test-reporter=tap', 'app.test.mjs')
  await node.says(/^ok \d+ - version 1$/m)
  // Node does not see a change that comes while it still ends the run before. Then the file is saved once more, and later each time: that ends a run.
  let wait = 2_500
  let again: NodeJS.Timeout | undefined
  t.teardown(() => { clearTimeout(again) })
  const save = () => {
    write(2)
    again = setTimeout(save, wait *= 2)
  }
  save()
  await node.says(/^ok \d+ - version 2$/m, /\bnot ok \d+ - version/) // a run that is not over when the file is saved has failed, too
})
