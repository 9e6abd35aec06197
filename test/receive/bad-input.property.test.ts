import { isDeepStrictEqual } from 'node:util'
import fc, { runs } from '../helpers/property.ts'
import { test } from 'tap'
import type { Test } from 'tap'
import { memoryInbox } from '../../index.ts'
import type { WebhooksOptions } from '../../index.ts'
import { createApp, post } from '../helpers/app.ts'
import { bodies, eventIn, fits, listenerOf, prototypes, texts, writtenAgain } from '../helpers/fuzzed-bodies.ts'
import { SECRET, sign } from '../helpers/http.ts'

async function start (t: Test, options: WebhooksOptions) {
  const { app, lines } = await createApp(t, { ...options, inbox: memoryInbox({ keep: 0 }) }) // repeats are events too
  const heard: Array<[name: string, event: unknown]> = []
  app.webhooks.on('newMessage', (event) => { heard.push(['newMessage', event]) })
  app.webhooks.on('smsDeliveryReport', (event) => { heard.push(['smsDeliveryReport', event]) })
  app.webhooks.on('unknown', (event) => { heard.push(['unknown', event]) })
  app.webhooks.on('error', (error) => { heard.push(['error', error]) })
  return { app, lines, heard }
}

for (const secret of [undefined, SECRET]) {
  test(`any body ${secret === undefined ? '' : 'that is signed '}is emitted as it is, or answered 400`, async (t) => {
    const { app, lines, heard } = await start(t, secret === undefined ? {} : { secret })
    const before = prototypes()
    const seen = new Map<number, number>()
    await fc.assert(fc.asyncProperty(bodies, async (body) => {
      heard.length = 0
      const { statusCode } = await post(app, body, sign(body))
      seen.set(statusCode, (seen.get(statusCode) ?? 0) + 1)
      const event = eventIn(body)
      const expected = event !== undefined && fits(event) ? [[listenerOf(event), event]] : []
      return statusCode === (expected.length === 0 ? 400 : 200) &&
        isDeepStrictEqual(heard, expected) &&
        isDeepStrictEqual(prototypes(), before)
    }), runs(2_000))
    t.notOk(lines.some(({ level }) => level >= 50))
    t.strictSame([...seen.keys()].sort(), [200, 400])
    t.ok([...seen.values()].every((times) => times > 100), 'both have been tried')
  })
}

test('any body and any header that do not belong together are answered 401', async (t) => {
  const { app, heard } = await start(t, { secret: SECRET })
  const headers = fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f]{128}$/), texts.map((text) => sign(text)['x-oneroute-signature'] ?? ''))
  await fc.assert(fc.asyncProperty(bodies, headers, async (body, header) => {
    fc.pre([body, writtenAgain(body)].every((text) => header !== sign(text)['x-oneroute-signature']))
    const { statusCode } = await post(app, body, { 'x-oneroute-signature': header })
    return statusCode === 401
  }), runs(500))
  t.strictSame(heard, [])
})
