import { Type } from '@sinclair/typebox'
import { test } from 'tap'
import { EventCatalogue } from '../lib/catalogue.ts'

test('an event without a schema fits, and has no problems', async (t) => {
  const catalogue = new EventCatalogue({})
  for (const event of ['campaignCompleted', 'constructor', '__proto__']) {
    t.equal(catalogue.nameOf({ event }), 'unknown')
    t.equal(catalogue.fits({ event }), true)
    t.same(catalogue.problems({ event }), [])
  }
})

test('of many problems the first ten places are named, each once', async (t) => {
  const fields = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`field${i}`, Type.Number()]))
  const catalogue = new EventCatalogue({ big: Type.Object(fields) })
  const problems = catalogue.problems({ event: 'big', field0: 'a secret' })
  t.equal(problems.length, 10)
  t.equal(problems[0], '/field1: Expected required property')
  t.equal(new Set(problems).size, 10)
  t.notMatch(problems.join(), 'a secret')
})

test('a field that is too much is not named: its name is the sender\'s', async (t) => {
  const catalogue = new EventCatalogue({ strict: Type.Object({ event: Type.String(), inner: Type.Object({}, { additionalProperties: false }) }) })
  t.same(catalogue.problems({ event: 'strict', inner: { 'jane@example.com': 1 } }), ['/inner: Unexpected property'])
})

test('a schema that does not compile is refused', async (t) => {
  t.throws(() => new EventCatalogue({ broken: Type.Ref('nowhere') }), { code: 'FST_ONEROUTE_INVALID_OPTION', message: /'broken'/ })
})
