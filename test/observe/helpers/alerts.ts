import type { Test } from 'tap'
import { message, post } from '../../helpers/app.ts'
import { sign } from '../../helpers/http.ts'
import type { Alert, target } from '../../helpers/night.ts'

export type App = Awaited<ReturnType<typeof target>>['app']

/** A message that OneRoute posts. */
export async function say (app: App, secret = 'key'): Promise<number> {
  const body = JSON.stringify(message())
  return (await post(app, body, sign(body, secret))).statusCode
}

/** The alerts that fired, in minutes. By one of them they may be off: what is counted after an answer may be in the next reading. */
export function fired (t: Test, alerts: readonly Alert[], expected: readonly Alert[]): void {
  t.same(names(alerts), names(expected))
  t.equal(alerts.length, expected.length, 'each once')
  for (const [i, { alert, from, to }] of expected.entries()) {
    t.ok(Math.abs((alerts[i]?.from ?? 0) - from) <= 1, `${alert} from ${from}: ${alerts[i]?.from}`)
    t.ok(Math.abs((alerts[i]?.to ?? 0) - to) <= 1, `${alert} to ${to}: ${alerts[i]?.to}`)
  }
}

export const names = (alerts: readonly Alert[]) => [...new Set(alerts.map(({ alert }) => alert))]
