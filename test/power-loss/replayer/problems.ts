import type { Files } from './disk.ts'
import type { Expected, ExpectedEvent } from './expected.ts'
import { digestOf } from './inspect.ts'
import type { Found, FoundEvent, ProblemKind } from './inspect.ts'

export interface Problem {
  readonly kind: ProblemKind | 'lost' | 'never posted' | 'in a wrong state' | 'out of order' | 'not gone' | 'not forgotten' | 'half of a transaction'
  readonly about: string
}

/** What is wrong with what was found. `known` is what the tables had at any time before. */
export function problemsOf (found: Found, expected: Expected, known: ReadonlySet<string>): Problem[] {
  const problems: Problem[] = []
  if (!known.has(found.contents)) problems.push({ kind: 'half of a transaction', about: 'the tables have what they have never had before' })
  const byId = new Map(found.events.map((event) => [event.id, event]))
  for (const event of expected.events) problems.push(...problemsOfEvent(event, byId.get(event.id)))
  for (const { id } of found.events) if (expected.get(id) === undefined) problems.push({ kind: 'never posted', about: id })
  return [...problems, ...orderProblems(found.events, expected)]
}

function problemsOfEvent ({ id, presence, states, body, lane }: ExpectedEvent, found: FoundEvent | undefined): Problem[] {
  if (found === undefined) return presence === 'there' ? [{ kind: 'lost', about: id }] : []
  if (presence === 'gone') return [{ kind: 'not gone', about: id }]
  if (found.body !== digestOf(body) || found.lane !== lane) return [{ kind: 'damaged', about: `${id} is not what was posted` }]
  return states.includes(found.state) ? [] : [{ kind: 'in a wrong state', about: `${id} is ${found.state}, and not ${states.join(' or ')}` }]
}

function orderProblems (found: readonly FoundEvent[], expected: Expected): Problem[] {
  const ordered = found.flatMap(({ id, seq }) => {
    const order = expected.get(id)?.order
    return order === undefined ? [] : [{ id, seq, order }]
  })
  // Those that were replayed together have the same place: the first of them is compared with what comes before, and the last with what follows.
  ordered.sort((a, b) => a.order - b.order || a.seq - b.seq)
  return ordered.flatMap(({ id, seq, order }, i): Problem[] => {
    const before = ordered[i - 1]
    return before !== undefined && before.order < order && before.seq > seq ? [{ kind: 'out of order', about: `${id} comes before ${before.id}` }] : []
  })
}

/** What is left of what was forgotten, in the bytes of the files as they are. */
export function traces (files: Files, expected: Expected): Problem[] {
  const forgotten = [...expected.events].filter(({ isForgotten }) => isForgotten)
  return forgotten.flatMap(({ id, body }) => [...files].flatMap(([name, content]): Problem[] => {
    // A long body is in several pages: a piece of it has to be enough.
    const found = [id, body.slice(30, 70)].some((text) => content.includes(text))
    return found ? [{ kind: 'not forgotten', about: `${name} has ${id} still` }] : []
  }))
}
