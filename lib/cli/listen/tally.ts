import type { ReceiveOutcome } from '../../observe/channels.ts'
import { observe } from '../../observe/observe.ts'
import type { Webhooks } from '../../webhooks/webhooks.ts'

/** Counts what comes in, by what becomes of it. Returns a function that ends it, and sums it up. */
export function countReceived (webhooks: Webhooks): () => string {
  const counts = new Map<ReceiveOutcome, number>()
  const count = (outcome: ReceiveOutcome) => counts.get(outcome) ?? 0
  const end = observe(webhooks, { receive: ({ outcome }) => { counts.set(outcome, count(outcome) + 1) } })
  return () => {
    end()
    const accepted = count('accepted')
    const others = [...counts].filter(([outcome]) => outcome !== 'accepted').map(([outcome, count]) => `, ${count} ${outcome}`)
    return `${accepted} event${accepted === 1 ? '' : 's'}${others.join('')}`
  }
}
