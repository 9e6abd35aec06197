import { test } from 'tap'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { until } from '../../faults/helpers/until.ts'
import { gate, message } from '../../helpers/app.ts'
import { temporaryFile } from '../../helpers/sqlite.ts'
import { createInspected } from './inspected.ts'
import type { Answer } from './inspected.ts'

test('nothing waits for what waits for collectors, however many of them come first', async (t) => {
  const { app, ask } = await createInspected(t, { inbox: sqliteInbox({ path: temporaryFile(t) }) })
  const [begun, held] = [gate(), gate()]
  app.webhooks.on('newMessage', async ({ message: { content } }) => {
    if (content !== 'under way') return
    begun.resolve(undefined)
    await held.promise
  })
  app.webhooks.collect('newMessage', { quiet: 600_000, within: 600_000, most: 100 }, () => {})
  await app.ready()
  const receive = async (content: string) => (await app.webhooks.receive(message('a', content))).id
  const quiet: string[] = []
  for (let i = 0; i < 5; i++) quiet.push(await receive(`quiet ${i}`))
  await until(async () => (await app.webhooks.inbox.get(String(quiet[4])))?.isCollected === true)
  const under = await receive('under way')
  await begun.promise
  const [next, last] = [await receive('next'), await receive('last')]
  const of = async (id = '') => (await ask(`events/${id}`)).json<{ waiting: unknown }>().waiting
  t.match(await of(last), { count: 0, more: false, isBehind: true, first: { id: under } })
  t.match(await of(next), { count: 1, more: false, isBehind: true, first: { id: under } })
  t.same(await of(under), { count: 2, more: false, isBehind: false, first: null })
  for (const id of quiet) t.same(await of(id), { count: 0, more: false, isBehind: false, first: null })
  const { events } = (await ask('events')).json<Answer>()
  t.same(events.map(({ isCollected, behind }) => [isCollected, behind]), [...[1, 2, 3].map(() => [false, null]), ...quiet.map(() => [true, null])])
  held.resolve(undefined)
})
