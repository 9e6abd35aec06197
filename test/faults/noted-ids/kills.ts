import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import { directory } from '../../code-blocks/helpers/files.ts'
import { createApp, message } from '../../helpers/app.ts'
import { postgresSaver, sqliteSaver } from '../../helpers/noting-savers.ts'
import { openPool, postgresUrl, schemas } from '../../helpers/postgres.ts'
import { folder } from '../helpers/folder.ts'
import { runToTheEnd } from '../helpers/run-to-the-end.ts'
import { inboxOf } from './places.ts'
import type { Places } from './places.ts'

const APP = fileURLToPath(new URL('app.ts', import.meta.url))

/** After which step of the transaction the process ends. `committing`: the commit has begun. */
const STEPS = ['noted', 'saved', 'committing', 'committed'] as const
export type StepName = typeof STEPS[number]

type Row = Record<'id', string>
/** Makes the tables, and tells what is in one. */
type Open = (t: Test) => Promise<{ data: Places['data'], idsIn: (table: string) => Promise<string[]> }>

const NEW: Record<'SQLite' | 'PostgreSQL', Open> = {
  SQLite: async (t) => {
    const path = join(folder(t), 'app.db')
    const { open } = await sqliteSaver(directory)
    const made = await open(path)
    made.close()
    const idsIn = async (table: string) => {
      const db = new DatabaseSync(path)
      const rows = db.prepare(`SELECT id FROM ${table}`).all() as unknown as Row[] // the block has that column
      db.close()
      return await Promise.resolve(rows.map(({ id }) => id))
    }
    return { data: { path }, idsIn }
  },
  PostgreSQL: async (t) => {
    const url = await postgresUrl(t)
    const { open } = await postgresSaver(directory)
    const pool = openPool(t, url)
    await open(pool)
    return { data: { url }, idsIn: async (table) => (await pool.query<Row>(`SELECT id FROM ${table}`)).rows.map(({ id }) => id) }
  }
}

async function newInbox (t: Test, name: keyof typeof NEW): Promise<Places['inbox']> {
  if (name === 'SQLite') return { path: join(folder(t), 'inbox.db') }
  const connectionString = await postgresUrl(t)
  return { connectionString, schema: schemas(t, connectionString)(), lease: 1_000 }
}

/** Kills an app in each step of its transaction, and looks for what it has saved. */
export function testKillsWith (inbox: keyof typeof NEW, data: keyof typeof NEW): void {
  test(`${inbox} inbox, data in ${data}: whatever step of the transaction the process is killed in, what it saves is there once`, async (t) => {
    const { data: place, idsIn } = await NEW[data](tap)
    const places: Places = { inbox: await newInbox(tap, inbox), data: place, calls: join(folder(t), 'calls'), blocks: directory }
    writeFileSync(places.calls, '')
    const steps = new Map<string, StepName>()
    const { app } = await createApp(t, { inbox: inboxOf(places), deliver: false })
    await app.ready()
    for (const step of STEPS) steps.set((await app.webhooks.receive(message(step, step))).id, step)
    await app.close()

    const ends = await runToTheEnd(APP, JSON.stringify(places))
    t.same(ends, [...STEPS.map(() => 'SIGKILL'), 0])
    const stepsOf = (ids: string[]) => ids.map((id) => steps.get(id)).toSorted()
    t.same(stepsOf(await idsIn('messages')), STEPS.toSorted())
    t.same(stepsOf(await idsIn('handled')), STEPS.toSorted())
    t.same(stepsOf(readFileSync(places.calls, 'utf8').trim().split('\n')), STEPS.flatMap((step) => [step, step]).toSorted(), 'it is called again, whether it has saved or not')
    const { app: after } = await createApp(t, { inbox: inboxOf(places), deliver: false })
    await after.ready()
    t.match(await after.webhooks.inbox.stats(), { pending: 0, done: STEPS.length, dead: 0 })
  })
}
