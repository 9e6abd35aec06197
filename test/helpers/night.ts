import { readFileSync } from 'node:fs'
import { mock } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { Registry } from 'prom-client'
import type { Test } from 'tap'
import { parse } from 'yaml'
import type { WebhooksOptions } from '../../index.ts'
import { metrics } from '../../lib/observe/metrics/metrics.ts'
import { createApp } from './app.ts'
import { PromQl } from './promql.ts'

const MINUTE = 60_000
export const DAY = 1_440

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly for: string
  readonly annotations: { readonly summary: string, readonly description: string }
}

const { groups: [group] } = parse(readFileSync(new URL('../../examples/prometheus/alerts.yml', import.meta.url), 'utf8')) as { groups: Array<{ rules: Rule[] }> } // as Prometheus documents it
export const rules = group?.rules ?? []

/** A process that is scraped: how its metrics are asked for. */
export interface Target {
  readonly instance: string
  readonly text: () => Promise<string>
}

/** One alert, in minutes of the night. */
export interface Alert {
  readonly alert: string
  readonly from: number
  /** The last minute in which it fires. */
  readonly to: number
}

/** Minutes that take no time: what happens in them is real, and so is each reading of the metrics at their ends. */
export class Night {
  /** How many have passed. */
  minute = 0
  readonly #promql = new PromQl()
  /** Two days ago, so that nothing is in the future of those who have another clock. */
  readonly #begin = Math.floor(Date.now() / MINUTE - 2 * DAY - 60) * MINUTE
  #targets: readonly Target[] = []

  /** Only `Date` follows the night: timers are as they are. */
  constructor (t: Test, ...targets: Target[]) {
    mock.timers.enable({ apis: ['Date'], now: this.#begin })
    t.teardown(() => { mock.timers.reset() })
    this.scrape(...targets)
  }

  /** Who is scraped from now on. */
  scrape (...targets: Target[]): void {
    for (const { instance } of this.#targets) {
      if (!targets.some((target) => target.instance === instance)) this.#promql.end(this.#now(), labelsOf(instance))
    }
    this.#targets = targets
  }

  /** Lets minutes pass, in each of which something happens before the metrics are read. */
  async pass (minutes: number, happens: (minute: number) => Promise<unknown> = async () => {}): Promise<void> {
    for (let i = 0; i < minutes; i++) {
      this.minute++
      mock.timers.setTime(this.#now())
      await happens(this.minute)
      for (const { instance, text } of this.#targets) this.#promql.scrape(this.#now(), labelsOf(instance), await text())
    }
  }

  /** Hours of which nothing is read, and nothing asked: only to have been the day before. */
  skip (minutes: number): void {
    this.minute += minutes
  }

  /** The alerts that fire, as Prometheus does: once an expression has had a value in each minute for as long as `for` says. */
  async alerts (from: number, to = this.minute): Promise<Alert[]> {
    const all: Alert[] = []
    for (const { alert, expr, for: time } of rules) {
      const [start, end] = [this.#begin + from * MINUTE, this.#begin + to * MINUTE]
      for (const { points } of await this.#promql.query(expr, start, end)) {
        for (const [first, last] of runsOf(points.map(([time]) => (time - this.#begin) / MINUTE))) {
          if (last - first >= minutesOf(time)) all.push({ alert: alert.replace('OneRouteWebhooks', ''), from: first + minutesOf(time), to: last })
        }
      }
    }
    return all
  }

  #now (): number {
    return this.#begin + this.minute * MINUTE
  }
}

/** An app with metrics of its own. */
export async function target (t: Test, options: WebhooksOptions, instance = 'a:3000'): Promise<Target & { app: FastifyInstance }> {
  const registry = new Registry()
  const { app } = await createApp(t, options)
  await app.register(metrics, { registry })
  return { app, instance, text: async () => await registry.metrics() }
}

function labelsOf (instance: string): Record<string, string> {
  return { job: 'app', instance }
}

/** The first and the last of minutes that follow one another. */
function runsOf (minutes: readonly number[]): Array<readonly [first: number, last: number]> {
  const firsts = minutes.filter((minute, i) => minutes[i - 1] !== minute - 1)
  return firsts.map((first) => {
    const length = minutes.slice(minutes.indexOf(first)).findIndex((minute, i) => minute !== first + i)
    return [first, length === -1 ? minutes.at(-1) ?? first : first + length - 1]
  })
}

function minutesOf (time: string): number {
  const [, minutes] = /^(\d+)m$/.exec(time) ?? []
  if (minutes === undefined) throw new Error(`not in minutes: ${time}`)
  return Number(minutes)
}
