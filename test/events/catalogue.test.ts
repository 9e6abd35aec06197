import { Type } from '@sinclair/typebox'
import type { TSchema } from '@sinclair/typebox'
import fc, { runs } from '../helpers/property.ts'
import { test } from 'tap'
import { EventCatalogue } from '../../lib/events/catalogue.ts'

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

/** Every way in which a schema takes keys of the sender's choice, and an event that puts a key there with something wrong below. */
const Age = Type.Object({ age: Type.Number() })
const keyed: Array<[what: string, schema: TSchema, place: (key: string) => unknown, problem: string | undefined]> = [
  ['a record', Type.Record(Type.String(), Type.Number()), (key) => ({ [key]: 'x' }), '/in/*: Expected number'],
  ['a record of objects', Type.Record(Type.String({ pattern: '^.*$' }), Age), (key) => ({ [key]: { age: 'x' } }), undefined],
  ['a record in a list', Type.Array(Type.Record(Type.String(), Age)), (key) => [{}, { [key]: {} }], '/in/1/*/age: Expected required property'],
  ['a list in a record', Type.Record(Type.String(), Type.Array(Type.Number())), (key) => ({ [key]: [1, 'x'] }), '/in/*/1: Expected number'],
  ['a field too many', Type.Object({}, { additionalProperties: false }), (key) => ({ [key]: 1 }), '/in/*: Unexpected property'],
  ['further fields with a schema', Type.Object({ age: Type.Number() }, { additionalProperties: Type.Number() }), (key) => ({ age: 1, [key]: 'x' }), '/in/*: Expected number'],
  ['an intersection', Type.Intersect([Age, Type.Record(Type.String(), Type.Number())]), (key) => ({ age: 1, [key]: 'x' }), undefined],
  ['an intersection that takes no others', Type.Intersect([Age, Type.Object({ name: Type.String() })], { unevaluatedProperties: false }), (key) => ({ age: 1, name: '', [key]: 1 }), '/in/*: Unexpected property'],
  ['an intersection of which others are numbers', Type.Intersect([Age, Type.Object({ name: Type.String() })], { unevaluatedProperties: Type.Number() }), (key) => ({ age: 1, name: '', [key]: 'x' }), '/in/*: Expected number'],
  ['a union', Type.Union([Type.Record(Type.String(), Type.Number()), Type.Object({ age: Type.Number() })]), (key) => ({ [key]: 'x' }), undefined],
  ['a schema in itself', Type.Recursive((This) => Type.Object({ age: Type.Number(), below: Type.Record(Type.String(), This) })), (key) => ({ age: 1, below: { [key]: { age: 1, below: { [key]: {} } } } }), undefined],
  ['a reference', Type.Module({ Ages: Type.Record(Type.String(), Type.Ref('Age')), Age }).Import('Ages'), (key) => ({ [key]: {} }), '/in/*/age: Expected required property']
]

test('a key that the sender has chosen is in no problem, wherever it is', async (t) => {
  const catalogues = keyed.map(([, schema]) => new EventCatalogue({ mine: Type.Object({ event: Type.String(), in: schema }) }))
  const keys = fc.oneof(fc.string(), fc.stringMatching(/^\+?\d{5,15}$/), fc.constantFrom('jane@example.com', 'a/b~c', '~1', '/', 'in/1'))
  for (const [index, [what, , place, problem]] of keyed.entries()) {
    const seen = new Set<string>()
    fc.assert(fc.property(keys, (part) => {
      const key = `${part} PRIVATE ${part}` // long enough not to be in a message by chance
      const problems = catalogues[index]?.problems({ event: 'mine', in: place(key) }) ?? []
      for (const problem of problems) seen.add(problem)
      return problems.length > 0 && !problems.some((problem) => problem.includes('PRIVATE') || problem.includes(key))
    }), runs(200))
    t.ok(problem === undefined || seen.has(problem), `${what}: ${[...seen].join()}`)
  }
})

test('a key that is a number is no index', async (t) => {
  const catalogue = new EventCatalogue({ mine: Type.Object({ event: Type.String(), in: Type.Record(Type.String(), Type.Number()) }) })
  t.same(catalogue.problems({ event: 'mine', in: { 2348012345678: 'x', 0: 'x' } }), ['/in/*: Expected number'])
  // TypeBox escapes no slash here: what follows looks like an index of the list beside.
  const strict = new EventCatalogue({ mine: Type.Intersect([Type.Object({ event: Type.String() }), Type.Object({ list: Type.Array(Type.Number()) })], { unevaluatedProperties: false }) })
  t.same(strict.problems({ event: 'mine', list: [1], 'list/2348012345678': 1 }), ['/list/*: Unexpected property'])
})

test('no more is looked at of an event with very much that is wrong than takes a moment', async (t) => {
  const catalogue = new EventCatalogue({ mine: Type.Object({ event: Type.String(), in: Type.Record(Type.String(), Type.Number()), last: Type.Number() }) })
  const entries = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`key ${i}`, 'x']))
  const problems = (count: number) => catalogue.problems({ event: 'mine', in: entries(count), last: 'x' })
  t.same(problems(500), ['/in/*: Expected number', '/last: Expected number'])
  t.same(problems(5_000), ['/in/*: Expected number'])
})

test('what a union is made of is said only if nothing in it was looked at', async (t) => {
  const Detail = Type.Union([Type.Object({ a: Type.Number() }), Type.Literal('none'), Type.Union([Type.Boolean(), Type.Null()])])
  const catalogue = new EventCatalogue({ mine: Type.Object({ event: Type.String(), in: Detail }) })
  t.same(catalogue.problems({ event: 'mine', in: 5 }), ["/in: Expected object or 'none' or boolean or null"])
  t.same(catalogue.problems({ event: 'mine', in: {} }), ['/in: Expected union value'])
})

test('the log has the name of an event: as it is if it has a schema, or else short and of plain characters', async (t) => {
  const catalogue = new EventCatalogue({ 'my own näme': Type.Object({}) })
  for (const [event, label] of [
    ['newMessage', 'newMessage'], ['my own näme', 'my own näme'], ['campaign.completed:v2/a-b_c', 'campaign.completed:v2/a-b_c'],
    ['a b\u001b[31m\nü', 'a?b??31m??'], ['x'.repeat(5_000), 'x'.repeat(64)]
  ] as const) t.equal(catalogue.labelOf({ event }), label)
})

test('a schema that does not compile is refused', async (t) => {
  t.throws(() => new EventCatalogue({ broken: Type.Ref('nowhere') }), { code: 'FST_ONEROUTE_INVALID_OPTION', message: /'broken'/ })
})
