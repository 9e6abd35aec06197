import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import tap, { test } from 'tap'
import type { Inbox } from '../../index.ts'
import { createApp, message, turns } from '../helpers/app.ts'
import { withoutSync } from '../helpers/own-inbox.ts'
import { root, temporaryDirectory } from '../helpers/package.ts'
import { conformance } from '../inbox/conformance.ts'

interface OwnInbox {
  ownInbox: (path: string) => Inbox
}

// It is in JavaScript, as it stands in the docs, and its types are checked there.
const source = join(root, 'examples/own-inbox.mjs')
const copy = join(tap.testdir({ 'own-inbox.mjs': withoutSync(readFileSync(source, 'utf8')) }), 'own-inbox.mjs')
const { ownInbox } = await import(pathToFileURL(source).href) as OwnInbox
const { ownInbox: withoutWaits } = await import(pathToFileURL(copy).href) as OwnInbox

const directory = temporaryDirectory(tap)
const fileOf = (store: string) => join(directory, `${store}.db`)

/** What a process leaves that is killed. */
function kill (store: string): string {
  for (const end of ['', '-wal']) copyFileSync(fileOf(store) + end, fileOf(`${store}_left`) + end)
  return `${store}_left`
}

conformance('an inbox of your own', (store) => withoutWaits(fileOf(store)), { kill })

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
