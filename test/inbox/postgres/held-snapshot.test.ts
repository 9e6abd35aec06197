import { test } from 'tap'
import { beginEpoch } from '../../helpers/epochs.ts'
import { admin, blocks, busy, holdSnapshot } from './helpers/held-snapshot.ts'

test('while somebody holds a snapshot, to add, look, claim and settle reads about as much as without, in a new epoch', async (t) => {
  const free = await busy(t)
  await admin.query(`VACUUM ${free}.lanes; `)
  for (const table of ['pending', 'totals']) await admin.query(`VACUUM ${free}.${table}`)
  const without = await blocks(t, free)
  await holdSnapshot(t)
  const held = await busy(t)
  await beginEpoch(admin, held)
  const within = await blocks(t, held)
  t.comment(JSON.stringify({ without, within }))
  for (const what of ['inVain', 'added', 'claimed', 'settled'] as const) {
    t.ok(within[what] <= 2 * without[what] + 10, `${what}: ${within[what]} blocks, and ${without[what]} without`)
  }
})
