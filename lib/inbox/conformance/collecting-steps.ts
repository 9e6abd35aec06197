import type { Claim, Inbox, Outcome } from '../inbox.ts'
import { addAll, BROKEN, claim, claimOne, HOUR, labelled } from './steps.ts'

export const WAITS: Partial<Outcome> = { collects: true, completed: ['save'], error: null }

/** What becomes of all events of a claim. */
export function outcomes ({ events }: Claim, state: Outcome['state'], more: Partial<Outcome> = {}): Outcome[] {
  return events.map(({ seq }) => ({ seq, state, dueAt: state === 'pending' ? 1 : null, completed: [], error: state === 'done' ? null : BROKEN, ...more }))
}

/** Events of lane `a`, which wait for collectors until `dueAt`: at once, if it is not given. */
export async function collect (inbox: Inbox, labels: string[], dueAt = 1): Promise<void> {
  await addAll(inbox, ...labelled(...labels))
  for (let left = labels.length; left > 0;) {
    const held = await claimOne(inbox)
    left -= held.events.length
    await inbox.settle(held, outcomes(held, 'pending', { ...WAITS, dueAt: left > 0 ? Date.now() + HOUR : dueAt }))
  }
}

/** Events of lane `a` that are to wait for collectors at once, for so many milliseconds: also if the inbox delivers them first. */
export async function collectAtOnce (inbox: Inbox, labels: string[], collectAfter: number): Promise<void> {
  await addAll(inbox, ...labelled(...labels).map((event) => ({ ...event, collectAfter })))
  await moveOn(inbox, collectAfter)
}

/** What is delivered first waits for collectors then, for so many milliseconds. */
export async function moveOn (inbox: Inbox, wait: number): Promise<void> {
  for (const held of await claim(inbox)) {
    const waits = held.events[0]?.collectedFrom !== undefined
    await inbox.settle(held, waits ? [] : outcomes(held, 'pending', { ...WAITS, dueAt: Date.now() + wait }), 1)
  }
}

export function labelsOf ({ events }: Claim): unknown[] {
  return events.map(({ event: { label } }) => label)
}
