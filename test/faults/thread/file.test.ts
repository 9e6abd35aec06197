import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { job } from '../helpers/client.ts'
import { conversations, drained, hear, startApp } from '../helpers/thread-app.ts'
import { lastThread } from '../helpers/threads.ts'
import { until } from '../helpers/until.ts'

for (const [what, damage] of [
  ['damaged', (path: string) => { writeFileSync(path, 'no database any more'.repeat(1_000)) }],
  ['gone', (path: string) => { for (const name of [path, `${path}-wal`, `${path}-shm`]) rmSync(name, { force: true }) }],
  ['gone with its folder', (path: string) => { rmSync(join(path, '..'), { recursive: true }) }]
] as const) {
  test(`while its file is ${what} the thread cannot come back: requests are answered 503, the log says why, and closing ends`, async (t) => {
    const { app, lines, path, connect } = await startApp(t)
    const client = await connect()
    t.equal((await client.post(job('a', 0))).statusCode, 200)
    await lastThread().terminate()
    damage(path)
    const statuses = new Set<number | undefined>()
    await until(async () => {
      statuses.add((await client.post(job('a', 1))).statusCode)
      return statuses.has(200) || lines.some(({ level, msg, err }) => level === 50 && msg.includes('could not be started') &&
        JSON.stringify(err).includes('FST_ONEROUTE_INBOX_UNUSABLE'))
    })
    t.same([...statuses], [503])
    await app.close()
  })
}

test('a file that is back again is used again', async (t) => {
  const { app, lines, path, heard, connect } = await startApp(t)
  const client = await connect()
  const dir = join(path, '..')
  t.equal((await client.post(job('a', 0))).statusCode, 200)
  await lastThread().terminate()
  renameSync(dir, `${dir}-moved`)
  await until(() => lines.some(({ msg }) => msg.includes('could not be started')))
  renameSync(`${dir}-moved`, dir)
  await until(async () => (await client.post(job('a', 1))).statusCode === 200)
  hear(app, heard)
  await drained(app)
  t.same(conversations(heard), { a: [0, 1] })
})
