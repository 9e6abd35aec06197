import { randomInt } from 'node:crypto'
import pg from 'pg'
import tap, { test } from 'tap'
import { openPool, postgresUrl } from '../../helpers/postgres.ts'
import { Fleet } from '../helpers/fleet.ts'
import type { Member } from '../helpers/fleet.ts'
import { nextVersion } from '../helpers/next-version.ts'
import { until } from '../helpers/until.ts'

const CONVERSATIONS = 12

const url = await postgresUrl(tap)
const admin = openPool(tap, url)

/** Its versions, as they are in the database. */
async function versionsOf (schema: string): Promise<unknown[]> {
  const { rows } = await admin.query<{ version: number }>(`SELECT version FROM ${pg.escapeIdentifier(schema)}.oneroute_webhooks_migrations ORDER BY version`)
  return rows.map(({ version }) => version)
}

test('a deploy and the way back, with another version of the schema and under load, lose nothing and keep the order', async (t) => {
  const seed = Number(process.env.FAULTS_SEED ?? randomInt(2 ** 31))
  const at = `seed ${seed}: FAULTS_SEED=${seed} tries it again`
  const fleet = new Fleet(t, url, { lease: 60_000 })
  const next = nextVersion(t, 1)
  const delivered = ({ host }: Member) => fleet.noted().filter(({ pid }) => pid === host.process.pid).length
  const start = async (dist?: string) => {
    const member = await fleet.start({}, 0, undefined, dist)
    await until(() => delivered(member) > 20)
    return member
  }
  /** Both take part for a while. */
  const together = async (members: readonly Member[]) => {
    const before = members.map(delivered)
    await until(() => members.every((member, i) => delivered(member) > (before[i] ?? 0) + 50))
  }
  const retire = async (member: Member) => { t.same(await fleet.retire(member), { code: 0, signal: null }) }

  const sending = fleet.sendAll(CONVERSATIONS, seed)
  const old = await start()
  t.same(await versionsOf(fleet.schema), [1])
  const fresh = await start(next)
  t.same(await versionsOf(fleet.schema), [1, 2])
  await together([old, fresh])
  await retire(old)
  const restarted = await start()
  await together([restarted, fresh])
  await retire(fresh)
  await together([restarted])
  const again = await start(next)
  await together([restarted, again])
  await retire(restarted)
  await together([again])
  fleet.going = false
  const posted = await sending

  t.same(await fleet.problems(posted), [], at)
  const ended = fleet.noted().filter(({ what }) => what === 'done' || what === 'dead')
  t.equal(ended.length, Array.from(posted.values()).reduce((sum, count) => sum + count), `each was delivered once, ${at}`)
  const { rows } = await admin.query(`SELECT DISTINCT version FROM ${pg.escapeIdentifier(fleet.schema)}.calls ORDER BY version`)
  t.same(rows, [{ version: 1 }, { version: 2 }], 'both have called the new function')
  await retire(again)
})
