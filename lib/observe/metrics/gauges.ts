import type { Registry } from 'prom-client'
import type { InboxStats } from '../../inbox/inbox.ts'
import { within } from '../../inbox/within.ts'
import type { Webhooks } from '../../webhooks/webhooks.ts'
import type { PromClient } from './load.ts'

interface Definition {
  readonly name: string
  readonly help: string
  /** Nothing if the inbox could not be asked, or there was no such event: then there is no value, and not a wrong one. */
  readonly valueOf: (stats: InboxStats | undefined) => number | undefined
}

const DEFINITIONS: readonly Definition[] = [
  { name: 'up', help: 'Whether the inbox could be asked, 1 or 0. If not, its other metrics are absent.', valueOf: (stats) => stats === undefined ? 0 : 1 },
  { name: 'pending', help: 'Events that are to be delivered.', valueOf: (stats) => stats?.pending },
  { name: 'failing', help: 'Pending events that have failed at least once, and are to be tried again.', valueOf: (stats) => stats?.failing },
  { name: 'done', help: 'Events that were delivered and are still kept.', valueOf: (stats) => stats?.done },
  { name: 'dead', help: 'Events that were given up.', valueOf: (stats) => stats?.dead },
  { name: 'invalid', help: 'Events that were not of their schema, and that nobody wanted as they are.', valueOf: (stats) => stats?.invalid },
  { name: 'oldest_pending_age_seconds', help: 'Since the oldest event that is to be delivered was received; 0 if there is none.', valueOf: (stats) => stats && ageOf(stats) },
  { name: 'last_received_timestamp_seconds', help: 'When the last new event came in that was of its schema. Absent if there was none.', valueOf: (stats) => stats && lastOf(stats) }
]

/** An inbox that has not answered until then, in milliseconds, is not up. A scrape waits for ten seconds, and would have nothing at all. */
const PATIENCE = 5_000

/** What the inbox says of itself, asked for once whenever somebody asks for the metrics. */
export function addGauges ({ Gauge }: PromClient, registry: Registry, { inbox }: Webhooks): void {
  let asking: Promise<InboxStats> | undefined
  /** prom-client asks for all metrics at the same time. */
  const ask = async () => {
    // One that hangs is not asked again until it answers.
    asking ??= inbox.stats().finally(() => { asking = undefined })
    return await within(asking, PATIENCE, () => new Error('too late')).catch(() => undefined)
  }
  for (const { name, help, valueOf } of DEFINITIONS) {
    const gauge = new Gauge({
      name: `oneroute_webhooks_inbox_${name}`,
      help,
      registers: [registry],
      collect: async () => {
        const value = valueOf(await ask())
        if (value === undefined) gauge.remove()
        else gauge.set(value)
      }
    })
  }
}

function lastOf ({ lastReceivedAt }: InboxStats): number | undefined {
  return lastReceivedAt === null ? undefined : lastReceivedAt.getTime() / 1_000
}

function ageOf ({ oldestPendingAt }: InboxStats): number {
  return oldestPendingAt === null ? 0 : Math.max(0, Date.now() - oldestPendingAt.getTime()) / 1_000
}
