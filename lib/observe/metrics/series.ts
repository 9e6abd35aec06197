import type { Registry } from 'prom-client'
import type { PromClient } from './load.ts'

/** Seconds. From a body that is checked in memory to a disk or a database that is slow. */
const ACKNOWLEDGEMENT = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
/** Seconds. From a listener that counts something to one that is at its timeout. */
const DELIVERY = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

export type Series = ReturnType<typeof createSeries>

/** What is counted and measured as it happens. */
export function createSeries ({ Counter, Histogram }: PromClient, registry: Registry) {
  const registers = [registry]
  return {
    received: new Counter({
      name: 'oneroute_webhooks_received_total', help: 'Requests, and calls of receive(), by what was answered.', labelNames: ['event', 'outcome'], registers
    }),
    acknowledgement: new Histogram({
      name: 'oneroute_webhooks_acknowledgement_duration_seconds', help: 'From the start of a request, or the call of receive(), to its answer.', labelNames: ['outcome'], buckets: ACKNOWLEDGEMENT, registers
    }),
    signatures: new Counter({
      name: 'oneroute_webhooks_signatures_total', help: 'Signatures that were checked, and which of the keys in `secret` matched, from 0.', labelNames: ['outcome', 'key'], registers
    }),
    deliveries: new Counter({
      name: 'oneroute_webhooks_deliveries_total', help: 'Deliveries of events, and of bursts of them, by what became of them.', labelNames: ['event', 'outcome'], registers
    }),
    delivery: new Histogram({
      name: 'oneroute_webhooks_delivery_duration_seconds', help: 'From the call of the first listener of an event, or of the collector of a burst, to the end of the last.', labelNames: ['event'], buckets: DELIVERY, registers
    }),
    listeners: new Counter({
      name: 'oneroute_webhooks_listener_runs_total', help: 'Runs of listeners and collectors, by name.', labelNames: ['listener', 'outcome'], registers
    }),
    retries: new Counter({
      name: 'oneroute_webhooks_retries_total', help: 'Deliveries that were not the first of their event or burst.', labelNames: ['event'], registers
    }),
    setAside: new Counter({
      name: 'oneroute_webhooks_set_aside_total', help: "Events that have failed for longer than `retry.blockFor`, and left their conversations' order.", labelNames: ['event'], registers
    })
  }
}

/** So that a rate is there from the first one on: the increase of a series that begins with its first event is not known. */
export function beginAtZero ({ received, signatures, deliveries, retries, setAside }: Series, names: readonly string[]): void {
  for (const event of [...names, 'unknown']) {
    for (const outcome of ['accepted', 'duplicate', 'invalid', 'refused', 'failed']) received.inc({ event, outcome }, 0)
  }
  for (const event of [...names, 'unknown', 'invalid', 'event']) setAside.inc({ event }, 0)
  for (const outcome of ['done', 'collected', 'ignored', 'retry', 'dead', 'abandoned']) deliveries.inc({ event: 'newMessage', outcome }, 0)
  for (const outcome of ['missing', 'malformed', 'wrong']) signatures.inc({ outcome, key: '' }, 0)
  retries.inc({ event: 'newMessage' }, 0)
}
