import { join } from 'node:path'
import type { Test } from 'tap'
import { Client, job } from './client.ts'
import { deliveriesIn } from './deliveries.ts'
import { folder } from './folder.ts'
import { HostProcess } from './host-process.ts'
import type { Settings } from './messages.ts'

/** A process that has accepted two events of each conversation and was killed before it delivered any. */
export async function afterKill (t: Test, conversations: readonly string[]) {
  const dir = folder(t)
  const settings = { path: join(dir, 'inbox.db'), deliveries: join(dir, 'deliveries') }
  const host = new HostProcess(t, { ...settings, options: { deliver: false } })
  const client = new Client(t, await host.port())
  const posted = conversations.flatMap((conversation) => [job(conversation, 0), job(conversation, 1)])
  for (const event of posted) t.equal((await client.post(event)).statusCode, 200)
  await host.kill()
  const start = async (more: Partial<Settings>) => {
    const host = new HostProcess(t, { ...settings, ...more })
    client.port = await host.port()
    return host
  }
  const stats = async () => (await client.get('/stats')).body
  return { start, stats, deliveries: () => deliveriesIn(settings.deliveries) }
}
