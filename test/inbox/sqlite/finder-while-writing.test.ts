import { test } from 'tap'
import { until } from '../../faults/helpers/until.ts'
import { openInbox, temporaryFile } from '../../helpers/sqlite.ts'
import { newEvent } from '../conformance.ts'

test('events come in and a conversation is forgotten while a search goes on', async (t) => {
  const inbox = await openInbox(t, { path: temporaryFile(t) })
  const body = Buffer.from(JSON.stringify({ event: 'newMessage', text: '\\'.repeat(10_000) }))
  await Promise.all(Array.from({ length: 400 }, async (_, i) => await inbox.add(newEvent(`lane ${i % 2}`, { body }))))
  const end = new AbortController()
  let answers = 0
  const searching = (async () => {
    while (!end.signal.aborted) {
      for (let before: number | null | undefined; before !== null; answers++) before = (await inbox.find?.({ text: 'is in none', before }))?.before ?? null
    }
  })()
  for (let i = 0; i < 20; i++) t.equal(await inbox.add(newEvent('b')), 'accepted')
  t.equal(await inbox.forget('lane 1'), 200, 'the log is empty in the end')
  await until(() => answers > 1)
  end.abort()
  await searching
})
