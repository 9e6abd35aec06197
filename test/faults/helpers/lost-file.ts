import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { createApp } from '../../helpers/app.ts'
import { listen } from '../../helpers/http.ts'
import { Client, job } from './client.ts'
import { folder } from './folder.ts'
import { until } from './until.ts'

/** Removes an inbox, with the files beside it. */
export function removeInbox (path: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix)
}

/** An app that has taken one event in, and what is heard. */
export async function startWithOne (t: Test, path = join(folder(t), 'inbox.db')) {
  const { app, lines } = await createApp(t, { inbox: sqliteInbox({ path }) })
  const heard = new Set<number>()
  app.webhooks.on('event', (event) => { heard.add((event as unknown as ReturnType<typeof job>).n) }) // nothing else is posted here
  const client = new Client(t, await listen(app))
  const post = async (n: number) => (await client.post(job('a', n))).statusCode
  t.equal(await post(0), 200)
  /** Waits for a line of the log at `error` that says this, and why. */
  const told = async (what: string, why: RegExp) => {
    await until(() => lines.some(({ level, msg, err }) => level === 50 && msg.includes(what) && why.test(JSON.stringify(err))))
  }
  /** Posts it until it is accepted, and waits until all up to it are delivered. */
  const goesOn = async (n: number) => {
    await until(async () => await post(n) === 200)
    await until(() => heard.size === n + 1)
    t.match(await app.webhooks.inbox.stats(), { pending: 0 })
  }
  return { app, path, post, told, goesOn, heard }
}
