import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import tap, { test } from 'tap'
import type { Inbox } from '../index.ts'
import { createApp, message, turns } from './helpers/app.ts'
import { root, temporaryDirectory } from './helpers/package.ts'
import { conformance } from './inbox/conformance.ts'

tap.setTimeout(120_000)

test('the example receives an event from itself, and remembers it the next time', async (t) => {
  const env = { ...process.env, DATA_DIR: temporaryDirectory(t), PORT: '0' }
  for (const earlier of [0, 1]) {
    const child = spawn(process.execPath, [...process.execArgv, 'examples/host.ts', '--once'], { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] })
    const [output] = await Promise.all([text(child.stdout), once(child, 'exit')])
    t.equal(child.exitCode, 0)
    t.match(output, `webhooks.db has ${earlier} events that were delivered, and 0 that wait`)
    t.match(output, /Message Sender: Hello World!/)
    t.match(output, /→ 200 \{"status":"accepted"/)
  }
})

interface OwnInbox {
  ownInbox: (path: string) => Inbox
}

// It is in JavaScript, as it stands in the docs, and its types are checked there.
const { ownInbox } = await import(new URL('../examples/own-inbox.mjs', import.meta.url).href) as OwnInbox

const directory = temporaryDirectory(tap)
const fileOf = (store: string) => join(directory, `${store}.db`)

/** What a process leaves that is killed. */
function kill (store: string): string {
  for (const end of ['', '-wal']) copyFileSync(fileOf(store) + end, fileOf(`${store}_left`) + end)
  return `${store}_left`
}

conformance('an inbox of your own', (store) => ownInbox(fileOf(store)), { kill })

test('an inbox of your own keeps an event for the next start, and one process at a time has its file', async (t) => {
  const receiver = await createApp(t, { inbox: ownInbox(fileOf('app')) })
  await receiver.app.webhooks.receive(message('a', 'kept'))
  await t.rejects(async () => { await (await createApp(t, { inbox: ownInbox(fileOf('app')) })).app.ready() }, { message: /locked/ })
  await receiver.app.close()

  const { app } = await createApp(t, { inbox: ownInbox(fileOf('app')), retry: { minDelay: 10 } })
  const heard: unknown[] = []
  app.webhooks.on('newMessage', ({ message: { content } }, { attempt }) => {
    heard.push(`${String(content)} ${attempt}`)
    if (attempt === 1) throw new Error('not yet')
  })
  await app.ready()
  while ((await app.webhooks.inbox.stats()).done < 1) await turns()
  t.same(heard, ['kept 1', 'kept 2'])
})
