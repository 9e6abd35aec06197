import { Type } from '@sinclair/typebox'
import type { Static, TSchema } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import type { InboxView } from '../../inbox/view.ts'
import { checkOf } from './check-of.ts'
import type { Feed } from './feed.ts'
import { hidden } from './hidden.ts'

const strict = { additionalProperties: false }
export const Ids = Type.Object({ ids: Type.Array(Type.String({ maxLength: 1_000 }), { minItems: 1, maxItems: 1_000 }) }, strict)

const Replay = Type.Object({ ...Ids.properties, all: Type.Optional(Type.Boolean()) }, strict)
// A sender may make it of any length.
const Forget = Type.Object({ conversation: Type.String({ minLength: 1 }) }, strict)

interface Parts {
  readonly inbox: InboxView
  /** Other pages may show what this one changes, however old it is. */
  readonly feed: Pick<Feed, 'changeAll'>
}

/** What the page changes: each answers how many events it were. */
export function addChanges (scope: FastifyInstance, { inbox, feed }: Parts): void {
  add('replay', Replay, async ({ ids, all }) => told(ids, await inbox.replay(ids, { all })))
  add('discard', Ids, async ({ ids }) => told(ids, await inbox.discard(ids)))
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
