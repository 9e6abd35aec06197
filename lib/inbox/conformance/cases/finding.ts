import assert from 'node:assert/strict'
import type { FindOptions, Inbox } from '../../inbox.ts'
import type { Cases } from '../fixture.ts'
import { answersOf, canFind, found, withFind } from '../searches.ts'
import { addAll, BROKEN, claimOne, ended, HOUR, idOf, invalidEvent, newEvent, outcome, PROBLEMS, settleOne, storedEvent } from '../steps.ts'

/** Events of two conversations and of none, a minute after the other; resolves to when the first one came in. */
async function withSome (inbox: Inbox): Promise<number> {
  const start = Date.now() - HOUR
  const minute = (minutes: number) => ({ receivedAt: start + minutes * 60_000 })
  await addAll(inbox,
    newEvent('a', { label: '1', ...minute(0) }),
    newEvent('b', { label: '2', ...minute(1) }),
    newEvent('a', { label: '3', name: 'smsDeliveryReport', ...minute(2) }),
    newEvent(idOf('4'), { label: '4', ...minute(3) }),
    newEvent('a', { label: '5', ...minute(4) }))
  return start
}

/** `find`, of an inbox that has it. */
export const finding: Cases = {
  'events are found by name, conversation, time and id, newest first, and by several of them at once': withFind(async (inbox) => {
    const start = await withSome(inbox)
    const at = (minutes: number) => new Date(start + minutes * 60_000)
    assert.deepEqual(await found(inbox, {}), ['5', '4', '3', '2', '1'])
    assert.deepEqual(await found(inbox, { state: 'pending' }), ['5', '4', '3', '2', '1'])
    assert.deepEqual(await found(inbox, { state: 'dead' }), [])
    assert.deepEqual(await found(inbox, { failing: true }), [])
    assert.deepEqual(await found(inbox, { name: 'smsDeliveryReport' }), ['3'])
    assert.deepEqual(await found(inbox, { name: 'smsdeliveryreport' }), [], 'a name is one as it is')
    assert.deepEqual(await found(inbox, { conversation: 'a' }), ['5', '3', '1'])
    assert.deepEqual(await found(inbox, { conversation: 'A' }), [])
    assert.deepEqual(await found(inbox, { conversation: idOf('4') }), [], 'it has no conversation')
    assert.deepEqual(await found(inbox, { since: at(2) }), ['5', '4', '3'], 'at this time or later')
    assert.deepEqual(await found(inbox, { until: at(2) }), ['2', '1'], 'before this time')
    assert.deepEqual(await found(inbox, { since: at(1), until: at(4) }), ['4', '3', '2'])
    assert.deepEqual(await found(inbox, { since: at(9) }), [])
    for (const id of [idOf('3'), idOf('3').slice(0, 6), idOf('3').slice(0, 20)]) assert.deepEqual(await found(inbox, { id }), ['3'])
    assert.deepEqual(await found(inbox, { id: idOf('3').slice(1) }), [], 'an id is found by its beginning')
    assert.deepEqual(await found(inbox, { id: idOf('6') }), [])
    assert.deepEqual(await found(inbox, { conversation: 'a', name: 'newMessage', since: at(1), state: 'pending' }), ['5'])
    assert.deepEqual(await found(inbox, { id: idOf('3').slice(0, 6), conversation: 'b' }), [])
    assert.deepEqual(await found(inbox, { id: idOf('3').slice(0, 6), conversation: 'a', text: '3' }), ['3'])
    assert.deepEqual(await found(inbox, { conversation: 'a', name: undefined, text: undefined, failing: false, idsOnly: false }), ['5', '3', '1'])
  }),

  'a text is found in the name, in the conversation and at the beginning of the id of an event': withFind(async (inbox) => {
    await withSome(inbox)
    await addAll(inbox, newEvent('Conversation-X', { label: '6' }))
    assert.deepEqual(await found(inbox, { text: 'DeliveryRep' }), ['3'])
    assert.deepEqual(await found(inbox, { text: 'conversation-x' }), ['6'])
    assert.deepEqual(await found(inbox, { text: idOf('2').slice(0, 6) }), ['2'])
    assert.deepEqual(await found(inbox, { text: idOf('4') }), ['4'])
    assert.deepEqual(await found(inbox, { text: idOf('2').slice(0, 5) }), [], 'too little of an id')
    assert.deepEqual(await found(inbox, { text: 'neither here nor there' }), [])
  }),

  'a search goes on where it was, each event is found once, and what comes in meanwhile disturbs nothing': withFind(async (inbox) => {
    const labels = Array.from({ length: 40 }, (_, i) => String(i))
    await addAll(inbox, ...labels.map((label) => newEvent(`conversation ${Number(label) % 3}`, { label: `number ${label}` })))
    const newestFirst = labels.toReversed()
    const search = async (options: FindOptions) => (await answersOf(inbox, options, async () => await addAll(inbox, newEvent('conversation 0'))))
      .flatMap(({ events }) => events).map(({ event }) => String(event.label).replace('number ', ''))
    assert.deepEqual(await search({ limit: 7, text: 'number' }), newestFirst)
    assert.deepEqual((await search({ limit: 3, conversation: 'conversation 0' })).slice(-14), newestFirst.filter((label) => Number(label) % 3 === 0))
    assert.deepEqual((await search({ limit: 9 })).slice(-40), newestFirst)
    // An answer may be out of time before it has as many as were asked for.
    const [, second] = (await answersOf(inbox, { limit: 1, text: 'number' })).flatMap(({ events }) => events)
    const rest = (await answersOf(inbox, { limit: 2, text: 'number', before: second?.seq })).flatMap(({ events }) => events)
    assert.deepEqual(rest.slice(0, 2).map(({ event }) => event.label), ['number 37', 'number 36'])
  })
}

/** The same of a durable inbox: it has events in all states. */
export const findingInDurable: Cases = {
  'events are found by their state, whether they fail, and by what has gone wrong with them': withFind(async (inbox) => {
    await ended(inbox, 'a', 'done', 'dead', 'invalid')
    await addAll(inbox, newEvent('b', { label: 'failing' }))
    const failure = { listener: 'notify Zoë', duration: 1, error: 'the CRM is "away"\n(503)' }
    const delivery = { attempt: 1, startedAt: new Date(), duration: 1, completed: [], failures: [failure] }
    await settleOne(inbox, 'pending', { dueAt: Date.now() + HOUR, delivery, error: 'it went Amiss' })
    await addAll(inbox, newEvent('c', { label: 'new' }))
    await inbox.stats() // until it is recorded
    assert.deepEqual(await found(inbox, { state: 'pending' }), ['new', 'failing'])
    for (const state of ['done', 'dead', 'invalid'] as const) assert.deepEqual(await found(inbox, { state }), [`a ${state}`])
    assert.deepEqual(await found(inbox, { failing: true }), ['failing'])
    assert.deepEqual(await found(inbox, { failing: true, state: 'pending', conversation: 'b' }), ['failing'])
    assert.deepEqual(await found(inbox, { failing: true, state: 'dead' }), [])
    assert.deepEqual(await found(inbox, { text: 'went amiss' }), ['failing'])
    assert.deepEqual(await found(inbox, { text: 'crm is "AWAY"\n' }), ['failing'])
    assert.deepEqual(await found(inbox, { text: 'zoë' }), ['failing'])
    assert.deepEqual(await found(inbox, { text: BROKEN }), ['a dead'])
    assert.deepEqual(await found(inbox, { text: PROBLEMS.join('; ') }), ['a invalid'])
    assert.deepEqual(await found(inbox, { state: 'dead', conversation: 'a', text: 'A DEAD' }), ['a dead'])
  }),

  'an invalid event and one that was replayed are found by their conversation, and what is gone is not': withFind(async (inbox) => {
    const unfit = invalidEvent('a')
    const [first, second] = [newEvent('a', { label: 'first', receivedAt: Date.now() - HOUR }), newEvent('a', { label: 'second' })]
    await addAll(inbox, first, unfit, second)
    await settleOne(inbox, 'dead')
    await inbox.replay([first.id])
    const label = String(unfit.event.label)
    assert.deepEqual(await found(inbox, { conversation: 'a' }), ['first', 'second', label])
    assert.deepEqual(await found(inbox, { conversation: 'a', state: 'invalid' }), [label])
    assert.deepEqual(await found(inbox, { conversation: 'a', until: new Date(Date.now() - HOUR / 2) }), ['first'])
    assert.deepEqual(await found(inbox, { id: first.id }), ['first'])
    await inbox.discard([second.id])
    assert.deepEqual(await found(inbox, { conversation: 'a' }), ['first', label])
    assert.deepEqual(await found(inbox, { id: second.id }), [])
    await inbox.forget('a')
    assert.deepEqual(await found(inbox, { conversation: 'a' }), [])
  }),

  'an event that has left its lane is found by its conversation, and says so until it is done': withFind(async (inbox, fixture, opened) => {
    await addAll(inbox, newEvent('a', { label: 'a1' }), newEvent('a', { label: 'a2' }))
    const held = await claimOne(inbox)
    await inbox.settle(held, outcome(held, 'pending', { aside: true, dueAt: Date.now() + HOUR }))
    await inbox.stats() // until it is recorded
    assert.deepEqual(await found(inbox, { conversation: 'a' }), ['a2', 'a1'])
    assert.deepEqual(await found(inbox, { conversation: 'a', failing: true }), ['a1'])
    assert.deepEqual(await found(inbox, { text: 'aside' }), [])
    const events = (await answersOf(inbox, { conversation: 'a' })).flatMap(({ events }) => events)
    assert.deepEqual(events.map(({ isAside }) => isAside === true), [false, true])
    assert.equal((await storedEvent(inbox, idOf('a1'))).isAside, true)
    assert.deepEqual((await inbox.list()).map(({ isAside }) => isAside === true), [false, true])
    const { inbox: again } = await fixture.reopen(opened)
    assert.ok(canFind(again))
    assert.deepEqual(await found(again, { conversation: 'a' }), ['a2', 'a1'])
    await again.discard([idOf('a2')])
    assert.deepEqual(await found(again, { conversation: 'a' }), ['a1'])
    assert.equal(await again.forget('a'), 1)
  })
}
