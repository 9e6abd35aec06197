import '../../errors/check-node.ts'
import type { FastifyInstance } from 'fastify'
import { InvalidOptionError, NotRegisteredError } from '../../errors/errors.ts'
import { observe } from '../observe.ts'
import { addGauges } from './gauges.ts'
import { loadPromClient } from './load.ts'
import { observersOf } from './observers.ts'
import { checkMetricsOptions } from './options.ts'
import type { MetricsOptions } from './options.ts'
import { beginAtZero, createSeries } from './series.ts'

const PREFIX = 'oneroute_webhooks_'

/** Metrics for Prometheus of the `app.webhooks` that the scope has. */
export async function metrics (app: FastifyInstance, options: MetricsOptions): Promise<void> {
  checkMetricsOptions(options)
  if (!app.hasDecorator('webhooks')) throw new NotRegisteredError('the metrics')
  const client = await loadPromClient()
  const { registry = client.register, path } = options
  if (registry.getSingleMetric(`${PREFIX}received_total`) !== undefined) {
    throw new InvalidOptionError('`registry` has the metrics of another app.webhooks already: give each a Registry of its own, with default labels, and merge them')
  }
  const series = createSeries(client, registry)
  beginAtZero(series, app.webhooks.names)
  addGauges(client, registry, app.webhooks)
  const end = observe(app.webhooks, observersOf(series))
  app.addHook('onClose', (_app, done) => {
    end()
    for (const { name } of registry.getMetricsAsArray()) if (name.startsWith(PREFIX)) registry.removeSingleMetric(name)
    done()
  })
  if (path !== undefined) {
    const hidden: object = { hide: true } // an addition of @fastify/swagger's
    app.get(path, { schema: hidden }, async (_request, reply) => {
      const text = await registry.metrics()
      return await reply.type(registry.contentType).send(text)
    })
  }
}

export default metrics
export type { MetricsOptions } from './options.ts'
