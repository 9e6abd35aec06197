import { showProgress } from '../progress.ts'
import type { QueueProcess } from '../queues/process.ts'

/** Few enough to be made in memory. */
const AT_ONCE = 10_000
const CONVERSATIONS = 2_000

/** With so many events that are added and delivered: so the tables are as they become, whatever they are. */
export async function fill ({ ask }: QueueProcess, count: number) {
  await ask({ kind: 'deliver' })
  for (let left = count; left > 0; left -= AT_ONCE) {
    showProgress(`storing ${count} events, ${left} left`)
    await ask({ kind: 'make', events: Math.min(AT_ONCE, left), conversations: CONVERSATIONS })
    await ask({ kind: 'add' })
  }
  await ask({ kind: 'settle', handled: count })
}
