import tap from 'tap'
import type { Test } from 'tap'
import type { StoredEvent, UnknownEvent } from '../../../index.ts'
import { postgresInbox } from '../../../lib/inbox/postgres/inbox.ts'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { createApp, message } from '../../helpers/app.ts'
import { postgresUrl, schemas } from '../../helpers/postgres.ts'
import { temporaryFile } from '../../helpers/sqlite.ts'
import { until } from '../../faults/helpers/until.ts'

export const url = await postgresUrl(tap)

/** An inbox with an event of each state but pending, and the app that has it. */
export async function createInbox (t: Test, kind: string) {
  const path = temporaryFile(t)
  const schema = schemas(t, url)()
  const inbox = kind === 'SQLite' ? sqliteInbox({ path }) : postgresInbox({ connectionString: url, schema })
  const { app } = await createApp(t, { inbox, retry: { attempts: 2, minDelay: 1 } })
  const heard: UnknownEvent[] = []
  let failing = true
  app.webhooks.on('event', function tell (event) {
    heard.push({ ...event })
    if (event.event === 'bad' && failing) throw new Error('the key, as it was told \u001b[31m')
  })
  await app.ready()
  const receive = async (event: object) => (await app.webhooks.receive(event)).id
  const done = await receive(message('c1', 'hello \u001b[31m \u009bworld'))
  const dead = await receive({ event: 'bad', credentials: { key: 'the key' }, text: 'ReFund' })
  await app.webhooks.receive({ event: 'newMessage', wrong: true }).catch(() => undefined)
  await until(async () => (await app.webhooks.inbox.stats()).pending === 0)
  const where = kind === 'SQLite' ? ['--db', path] : ['--db', url, '--schema', schema]
  return { app, path, where, done, dead, heard, receive, mend: () => { failing = false } }
}

export type Line = Omit<StoredEvent, 'lane'> & { conversation: string | null }

export const linesOf = (text: string) => text.trim().split('\n').map((line) => JSON.parse(line) as Line) // what it prints
