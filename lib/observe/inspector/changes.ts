import { Type } from '@sinclair/typebox'
import type { Static, TSchema } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { batches } from '../../inbox/batches.ts'
import { matcherOf } from '../../inbox/fits.ts'
import type { InboxView } from '../../inbox/view.ts'
import { checkOf } from './check-of.ts'
import type { Feed } from './feed.ts'
import { State, stateFilter } from './filter.ts'
import { hidden } from './hidden.ts'

/** Events that are looked at at once. */
const AT_ONCE = 25

const strict = { additionalProperties: false }
export const Ids = Type.Object({ ids: Type.Array(Type.String({ maxLength: 1_000 }), { minItems: 1, maxItems: 1_000 }) }, strict)

const Discard = Type.Object({ ...Ids.properties, state: Type.Optional(State) }, strict)
const Replay = Type.Object({ ...Discard.properties, all: Type.Optional(Type.Boolean()) }, strict)
// A sender may make it of any length.
const Forget = Type.Object({ conversation: Type.String({ minLength: 1 }) }, strict)

interface Parts {
  readonly inbox: InboxView
  /** Other pages may show what this one changes, however old it is. */
  readonly feed: Pick<Feed, 'changeAll'>
}

/** What the page changes: each answers how many events it were. */
export function addChanges (scope: FastifyInstance, { inbox, feed }: Parts): void {
  add('replay', Replay, async ({ ids, state, all }) => told(ids, await inbox.replay(await stillIn(inbox, ids, state), { all })))
  add('discard', Discard, async ({ ids, state }) => told(ids, await inbox.discard(await stillIn(inbox, ids, state))))
  add('forget', Forget, async ({ conversation }) => told(null, await inbox.forget(conversation)))

  function add<T extends TSchema> (name: string, schema: T, change: (asked: Static<T>) => Promise<number>): void {
    const asked = checkOf(schema)
    scope.post(`/api/${name}`, { schema: hidden }, async ({ body }) => ({ count: await change(asked(body)) }))
  }

  function told (ids: readonly string[] | null, count: number): number {
    feed.changeAll(ids)
    return count
  }
}

/** Those of them that are in a state: somebody else may have changed the others since they were counted. */
async function stillIn (inbox: InboxView, ids: readonly string[], state: Static<typeof State> | undefined): Promise<readonly string[]> {
  if (state === undefined) return ids
  const fits = matcherOf(stateFilter(state))
  const still: string[] = []
  for (const part of batches(ids, AT_ONCE)) {
    for (const event of await Promise.all(part.map(async (id) => await inbox.get(id)))) if (event !== undefined && fits(event)) still.push(event.id)
  }
  return still
}
