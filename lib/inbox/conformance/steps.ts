import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { hash } from '../../events/hash.ts'
import type { Claim, ClaimedEvent, EventState, Inbox, NewEvent, Outcome, StoredEvent } from '../inbox.ts'

/** What a listener has thrown. */
export const BROKEN = 'listener 1: broken'
/** What is wrong with an event that is not of its schema. */
export const PROBLEMS: readonly string[] = ['/message: Expected object', '/conversation: Expected object']
export const HOUR = 3_600_000

/** More often than this, no case has to claim until nothing is due. */
const MOST_ROUNDS = 2_000

let count = 0

/** As the plugin makes ids: 32 bytes, base64url. */
export function idOf (label: string): string {
  return hash('sha256', label, 'base64url')
}

/** An event with a label in its body, by which a failed case names it. */
export function newEvent (lane: string, { label = `event ${++count}`, ...more }: Partial<NewEvent> & { label?: string } = {}): NewEvent {
  const event = { event: 'newMessage', label }
  return {
    id: idOf(label), name: 'newMessage', lane, state: 'pending', body: Buffer.from(JSON.stringify(event)), event, receivedAt: Date.now(), problems: null, ...more
  }
}

/** An event that is kept, and not delivered. */
export function invalidEvent (lane: string): NewEvent {
  return newEvent(lane, { state: 'invalid', problems: PROBLEMS })
}

/** One event for each label; its lane is the label's first letter. */
export function labelled (...labels: string[]): NewEvent[] {
  return labels.map((label) => newEvent(label.charAt(0), { label }))
}

/** Asks for all of them to be added at once, in this order. Who does not wait for the answers need not care about errors. */
export function adds (inbox: Inbox, ...events: NewEvent[]): Array<Promise<string>> {
  return events.map((event) => {
    const adding = (async () => await inbox.add(event))()
    adding.catch(() => {})
    return adding
  })
}

/** Adds events, and returns when the inbox has them: one that is not durable answers only when they are settled. */
export async function addAll (inbox: Inbox, ...events: NewEvent[]): Promise<{ answers: Array<Promise<string>> }> {
  const answers = adds(inbox, ...events)
  if (inbox.durable) await Promise.all(answers)
  await turns()
  return { answers }
}

/** Lets everything run that only waits for its turn. */
export async function turns (): Promise<void> {
  for (let i = 0; i < 5; i++) await setImmediate()
}

/** Until the clock shows another time. */
export async function someTime (): Promise<void> {
  for (const until = Date.now() + 5; Date.now() < until;) await turns()
}

/** Claims what is due now, after all that was asked for before. */
export async function claim (inbox: Inbox, lanes = 64): Promise<readonly Claim[]> {
  await inbox.stats()
  await turns()
  return await inbox.claim(lanes)
}

/** Claims the one lane that is due. */
export async function claimOne (inbox: Inbox): Promise<Claim> {
  const [first, ...others] = await claim(inbox)
  assert.ok(first, 'a lane has to be due')
  assert.deepEqual(shown(others), [])
  return first
}

export function firstOf ({ events: [event] }: Claim): ClaimedEvent {
  assert.ok(event, 'a claim has an event at least')
  return event
}

/** What became of the first event of a claim. One that is `pending` is due again at once. */
export function outcome (claim: Claim, state: Outcome['state'], more: Partial<Outcome> = {}): Outcome[] {
  return [{
    seq: firstOf(claim).seq, state, dueAt: state === 'pending' ? 1 : null, completed: [], error: state === 'pending' || state === 'dead' ? BROKEN : null, ...more
  }]
}

export const done = (claim: Claim): Outcome[] => outcome(claim, 'done')
export const dead = (claim: Claim): Outcome[] => outcome(claim, 'dead')

/** Settles the first event of the one lane that is due, and returns it as it was claimed. */
export async function settleOne (inbox: Inbox, state: Outcome['state'], more: Partial<Outcome> = {}): Promise<ClaimedEvent> {
  const held = await claimOne(inbox)
  const event = firstOf(held) // which a settled claim need not have any more
  await inbox.settle(held, outcome(held, state, more))
  return event
}

/** Settles whatever is due until nothing is, and returns in that order what of it was to be delivered: 'lane: label'. */
export async function deliverAll (inbox: Inbox, state: 'done' | 'dead' = 'done'): Promise<string[]> {
  const delivered: string[] = []
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const claims = await claim(inbox)
    if (claims.length === 0) return delivered
    for (const held of claims) {
      delivered.push(...wanted([held]))
      await inbox.settle(held, held.events.map(({ seq }) => ({ seq, state, dueAt: null, completed: [], error: null })))
    }
  }
  assert.fail(`events are claimed again and again, such as ${String(delivered.at(-1))}`)
}

/** Events of one lane that have come to these ends. */
export async function ended (inbox: Inbox, lane: string, ...states: Array<Exclude<EventState, 'pending'>>): Promise<NewEvent[]> {
  const events: NewEvent[] = []
  for (const state of states) {
    const event = newEvent(lane, { label: `${lane} ${state}`, problems: state === 'invalid' ? PROBLEMS : null })
    const { answers } = await addAll(inbox, event)
    await settleOne(inbox, state)
    await Promise.allSettled(answers)
    events.push(event)
  }
  return events
}

function labelOf ({ event: { label } }: ClaimedEvent): string {
  return String(label)
}

/** An event that has to be there. */
export async function storedEvent (inbox: Inbox, id: string): Promise<StoredEvent> {
  const stored = await inbox.get(id)
  assert.ok(stored, 'the event has to be in the inbox')
  return stored
}

/** The first event of each claim: 'lane: label'. */
export function shown (claims: readonly Claim[]): string[] {
  return claims.map((claim) => `${claim.lane}: ${labelOf(firstOf(claim))}`)
}

/** What is still to be delivered of what was claimed: 'lane: label'. */
export function wanted (claims: readonly Claim[]): string[] {
  return claims.flatMap(({ lane, events }) => events.filter(({ isDiscarded }) => isDiscarded !== true).map((event) => `${lane}: ${labelOf(event)}`))
}

/** 'answered', or the error's code. */
export async function endOf (ask: () => unknown): Promise<unknown> {
  try {
    await ask()
    return 'answered'
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error
  }
}
