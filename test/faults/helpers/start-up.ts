import type { Test } from 'tap'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { createApp, post } from '../../helpers/app.ts'
import { Client, job } from './client.ts'
import { HostProcess } from './host-process.ts'
import type { Settings } from './messages.ts'

/** The host does not start, says why, and ends by itself: no thread and no timer keeps it. */
export async function unusable (t: Test, settings: Settings, reason: RegExp): Promise<void> {
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

/** An inbox with one event in it. */
export async function used (t: Test, path: string): Promise<void> {
  const { app } = await createApp(t, { inbox: sqliteInbox({ path }) })
  app.webhooks.on('event', () => {})
  t.equal((await post(app, job('a', 0))).statusCode, 200)
  await app.close()
}

export async function starts (t: Test, settings: Settings): Promise<void> {
  const host = new HostProcess(t, settings)
  const client = new Client(t, await host.port())
  t.equal((await client.post(job('z', 0))).statusCode, 200)
  t.same(await host.kill('SIGTERM'), { code: 0, signal: null })
}
