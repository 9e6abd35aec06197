import assert from 'node:assert/strict'
import type { FindOptions, Found, Inbox } from '../inbox.ts'
import type { Cases, Fixture, Opened } from './fixture.ts'

/** More answers than this, no search of these few events takes. */
const MOST_ANSWERS = 1_000

type SearchableInbox = Inbox & Required<Pick<Inbox, 'find'>>

/** A case of an inbox that has `find`. Of one that has none, nothing is promised. */
export function withFind (run: (inbox: SearchableInbox, fixture: Fixture, opened: Opened) => Promise<void>): Cases[string] {
  return async (fixture) => {
    const opened = await fixture.open()
    if (canFind(opened.inbox)) await run(opened.inbox, fixture, opened)
  }
}

export const canFind = (inbox: Inbox): inbox is SearchableInbox => inbox.find !== undefined

/** Everything that fits, from one answer to the next until there is no more. `between` is called after each. */
export async function answersOf (inbox: SearchableInbox, options: FindOptions, between: () => Promise<unknown> = async () => {}): Promise<Found[]> {
  const answers: Found[] = []
  for (let { before } = options; answers.length < MOST_ANSWERS;) {
    const found: Found = await inbox.find({ ...options, before })
    assert.ok(found.ids.length <= (options.limit ?? 100), 'there are no more in an answer than were asked for')
    assert.ok(found.scanned >= found.ids.length, 'what is found was looked at')
    answers.push(found)
    if (found.before === null) return answers
    assert.ok(before === undefined || found.before < before, 'it goes on')
    before = found.before
    await between()
  }
  assert.fail('a search does not come to its end')
}

/** The labels of all that fits, the newest first: however many are asked for at once, and the same ids if only these are. */
export async function found (inbox: SearchableInbox, filter: FindOptions): Promise<string[]> {
  const events = (await answersOf(inbox, filter)).flatMap(({ events, ids }) => {
    assert.deepEqual(events.map(({ id }) => id), ids)
    return events
  })
  const ids = events.map(({ id }) => id)
  const onePerAnswer = await answersOf(inbox, { ...filter, limit: 1 })
  assert.deepEqual(onePerAnswer.flatMap(({ events }) => events), events)
  const idsOnly = await answersOf(inbox, { ...filter, limit: 2, idsOnly: true })
  assert.deepEqual(idsOnly.flatMap(({ ids }) => ids), ids)
  assert.deepEqual(idsOnly.flatMap(({ events }) => events), [])
  return events.map(({ event }) => String(event.label))
}
