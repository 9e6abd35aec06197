import { Type } from '@sinclair/typebox'
import type { Static, TSchema } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import type { InboxView } from '../../inbox/view.ts'
import { checkOf } from './check-of.ts'
import { hidden } from './hidden.ts'

const strict = { additionalProperties: false }
export const Ids = Type.Object({ ids: Type.Array(Type.String({ maxLength: 1_000 }), { minItems: 1, maxItems: 1_000 }) }, strict)

const Replay = Type.Object({ ...Ids.properties, all: Type.Optional(Type.Boolean()) }, strict)
// A sender may make it of any length.
const Forget = Type.Object({ conversation: Type.String({ minLength: 1 }) }, strict)

/** What the page changes: each answers how many events it were. */
export function addChanges (scope: FastifyInstance, inbox: InboxView): void {
  add('replay', Replay, async ({ ids, all }) => await inbox.replay(ids, { all }))
  add('discard', Ids, async ({ ids }) => await inbox.discard(ids))
  add('forget', Forget, async ({ conversation }) => await inbox.forget(conversation))

  function add<T extends TSchema> (name: string, schema: T, change: (asked: Static<T>) => Promise<number>): void {
    const asked = checkOf(schema)
    scope.post(`/api/${name}`, { schema: hidden }, async ({ body }) => ({ count: await change(asked(body)) }))
  }
}
