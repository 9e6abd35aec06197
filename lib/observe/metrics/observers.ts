import type { DeliveryMessage, ReceiveMessage } from '../channels.ts'
import type { Observers } from '../observe.ts'
import { BoundedNames } from './names.ts'
import type { Series } from './series.ts'

const MOST_LISTENERS = 100

/** What is counted of what the plugin tells about itself. */
export function observersOf (series: Series): Observers {
  const listeners = new BoundedNames(MOST_LISTENERS)
  return {
    receive: (message) => { received(series, message) },
    signature: ({ outcome, key }) => { series.signatures.inc({ outcome, key: key === null ? '' : String(key) }) },
    deliveryEnd: (message) => { delivered(series, listeners, message) }
  }
}

function received ({ received, acknowledgement }: Series, { name, outcome, duration }: ReceiveMessage): void {
  received.inc({ event: name, outcome })
  acknowledgement.observe({ outcome }, duration / 1_000)
}

/** A burst is one delivery, of as many events as it has. */
function delivered (series: Series, names: BoundedNames, { ids, name, attempt, outcome, aside, duration, listeners }: DeliveryMessage): void {
  series.deliveries.inc({ event: name, outcome: String(outcome) })
  series.delivery.observe({ event: name }, duration / 1_000)
  if (attempt > 1) series.retries.inc({ event: name })
  if (aside) series.setAside.inc({ event: name }, ids.length)
  for (const { name, error } of listeners) series.listeners.inc({ listener: names.of(name), outcome: error === null ? 'succeeded' : 'failed' })
}
