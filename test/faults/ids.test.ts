import { createHash } from 'node:crypto'
import { test } from 'tap'
import { newEvent } from '../inbox/conformance.ts'
import { onOneFile } from './helpers/inbox.ts'
import { lastThread } from './helpers/threads.ts'
import { until } from './helpers/until.ts'

const BATCH = 1_000
/** Enough for the ids of the first ones to be moved to the index on disk, and of those after them to be on their way. */
const BATCHES = 70
/** Until then no id is moved, so several batches may come at once. */
const MOVED_FROM = 33
const FAILS_FROM = 50
/** Enough for those to be moved, too: each transaction moves some. */
const ALONE = 50

/** As ids are: any two have nothing in common. */
const idOf = (text: string) => createHash('sha256').update(text).digest('base64url')

test('ids are known over a crash, whichever transactions have failed before', async (t) => {
  const { start } = onOneFile(t)
  const { inbox } = await start()
  const add = async (name: string, lane = name) => await inbox.add(newEvent(lane, { id: idOf(name) }))
  const batch = (name: string) => Array.from({ length: BATCH }, async (_, i) => await add(`${name}, ${i}`, name))
  const accept = async (i: number) => {
    const accepted = await Promise.all(batch(`accepted ${i}`))
    if (accepted.some((status) => status !== 'accepted')) t.fail(`${i}: not accepted`)
  }
  for (let i = 0; i < MOVED_FROM; i += 11) await Promise.all(Array.from({ length: 11 }, async (_, n) => { await accept(i + n) }))
  for (let i = MOVED_FROM; i < BATCHES; i++) {
    if (i >= FAILS_FROM) {
      // What is asked for wrongly fails in the store, and with it all that is in the same transaction.
      const wrong = Promise.resolve(inbox.list({ limit: 'many' as never })).catch(() => 'refused')
      const refused = await Promise.allSettled(batch(`refused ${i}`))
      await wrong
      if (refused.some(({ status }) => status !== 'rejected')) t.fail('a transaction that was to fail has not')
    }
    await accept(i)
  }
  for (let i = 0; i < ALONE; i++) await add(`alone ${i}`)
  await lastThread().terminate()
  await until(async () => await add('after the crash').then(() => true, () => false))
  for (const i of [0, 30, ...Array.from({ length: 8 }, (_, last) => BATCHES - 1 - last)]) {
    const again = await Promise.all(batch(`accepted ${i}`))
    t.equal(again.filter((status) => status === 'duplicate').length, BATCH, `batch ${i}`)
  }
  t.match(await inbox.stats(), { pending: BATCH * BATCHES + ALONE + 1 })
})
