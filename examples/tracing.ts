// Spans of OpenTelemetry for deliveries, to be used beside @fastify/otel, which makes those of requests: call it once, before the app
// listens. The first delivery of an event by the process that received it is a part of the request's trace; later ones, after a failure or
// a restart, are traces of their own, to be found by the event's id.
import { subscribe } from 'node:diagnostics_channel'
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { Span, Tracer } from '@opentelemetry/api'
import type { DeliveryMessage } from 'fastify-oneroute-webhooks'

export function traceDeliveries (tracer: Tracer = trace.getTracer('fastify-oneroute-webhooks')): void {
  // It is the same message at the start and at the end.
  const spans = new WeakMap<object, Span>()

  subscribe('fastify-oneroute-webhooks:delivery:start', (message) => {
    const { name, id, ids, attempt } = message as DeliveryMessage
    const attributes = { 'messaging.system': 'oneroute', 'messaging.message.id': id, 'messaging.destination.name': name, 'oneroute.attempt': attempt, 'oneroute.ids': [...ids] }
    spans.set(message as DeliveryMessage, tracer.startSpan(`deliver ${name}`, { kind: SpanKind.CONSUMER, attributes }))
  })

  subscribe('fastify-oneroute-webhooks:delivery:end', (message) => {
    const { outcome, listeners } = message as DeliveryMessage
    const span = spans.get(message as DeliveryMessage)
    for (const { name, error } of listeners) if (error instanceof Error) span?.recordException({ name: error.name, message: `${name}: ${error.message}` })
    span?.setAttribute('oneroute.outcome', String(outcome))
    span?.setStatus({ code: outcome === 'done' || outcome === 'collected' || outcome === 'ignored' ? SpanStatusCode.OK : SpanStatusCode.ERROR })
    span?.end()
  })
}
