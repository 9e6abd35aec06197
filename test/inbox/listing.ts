import { test } from 'tap'
import type { Test } from 'tap'
import type { Inbox, StoredEvent } from '../../index.ts'
import { search } from '../../lib/inbox/find.ts'
import { viewOf } from '../../lib/inbox/view.ts'
import { adds, claim, dead, newEvent } from './conformance.ts'

/** An open inbox, and what makes the body of an event something else. */
interface Opened {
  readonly inbox: Inbox
  readonly damage: (id: string, body: string) => Promise<void> | void
}

const idsOf = (events: readonly StoredEvent[]) => events.map(({ id }) => id)

async function pagesOf (inbox: Inbox, state?: 'pending' | 'dead'): Promise<string[][]> {
  const pages: string[][] = []
  for (let before: number | undefined; ;) {
    const page = await inbox.list({ state, limit: 1_000, before })
    if (page.length === 0) return pages
    pages.push(idsOf(page))
    before = page.at(-1)?.seq
  }
}

function sized (lane: string, id: string, bytes: number) {
  return newEvent(lane, { id, body: Buffer.from(JSON.stringify({ event: 'newMessage', id, pad: 'x'.repeat(bytes) })) })
}

/** How the SQL inboxes show what is long, and what cannot be read. */
export function listing (name: string, open: (t: Test) => Promise<Opened>): void {
  test(`${name}: a page of a list ends after some MiB of bodies, and the last one is the one that is empty`, async (t) => {
    const { inbox } = await open(t)
    const ids = Array.from({ length: 20 }, (_, i) => `id ${i}`)
    // 64 of a lane are in memory at most, and of bodies 8 MiB: some of them wait in the store, and some do not.
    for (const id of ids) await inbox.add(sized('a', id, id === 'id 15' ? 9_000_000 : 1_000_000))
    const newestFirst = ids.toReversed()
    const expected = [newestFirst.slice(0, 5), newestFirst.slice(5, 14), newestFirst.slice(14)]
    t.same(await pagesOf(inbox), expected, 'with the one that makes it too long')
    t.same(await pagesOf(inbox, 'pending'), expected)
    t.same(idsOf(await inbox.list({ limit: 1, before: (await inbox.get('id 16'))?.seq })), ['id 15'], 'however long it is')
    const found: string[] = []
    for await (const { events } of search(viewOf(inbox), {})) found.push(...idsOf(events))
    t.same(found, newestFirst)
  })

  test(`${name}: an event whose body is damaged is shown as that, and hides no other`, async (t) => {
    const { inbox, damage } = await open(t)
    await Promise.all(adds(inbox, ...['whole', 'cut', 'null', 'text'].map((id) => newEvent(id, { id }))))
    for (const held of await claim(inbox)) await inbox.settle(held, dead(held))
    for (const [id, body] of [['cut', '{"event":"newMess'], ['null', 'null'], ['text', '"newMessage"']] as const) await damage(id, body)
    const damaged = { name: 'newMessage', state: 'dead', event: { event: 'newMessage' }, error: 'its body is damaged', attempts: 1 }
    t.match(await inbox.list(), [
      { id: 'text', ...damaged }, { id: 'null', ...damaged }, { id: 'cut', ...damaged },
      { id: 'whole', event: { id: 'whole' }, error: 'listener 1: broken' }
    ])
    t.match(await inbox.get('cut'), damaged)
  })
}
