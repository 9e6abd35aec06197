import type { Registry } from 'prom-client'
import { check, isObject, ownOptions } from '../../options/check.ts'
import type { Rule } from '../../options/check.ts'

export interface MetricsOptions {
  /** Where the metrics are. @default prom-client's own, `register` */
  registry?: Registry | undefined
  /** A `GET` route that shows the registry, below the prefix of the scope. @default none */
  path?: string | undefined
}

const RULES: Record<keyof MetricsOptions, Rule> = {
  registry: { fits: (value) => isObject(value) && typeof value.getSingleMetric === 'function', must: 'be a Registry of prom-client' },
  path: { fits: (value) => typeof value === 'string' && value.startsWith('/'), must: "start with '/'" }
}

export function checkMetricsOptions (options: object): void {
  check("the metrics plugin's options", ownOptions(options), RULES)
}
