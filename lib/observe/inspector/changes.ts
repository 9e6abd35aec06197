import { Type } from '@sinclair/typebox'
import type { Static, TSchema } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { discardAll, replayAll } from '../../inbox/find.ts'
import type { InboxView } from '../../inbox/view.ts'
import { checkOf } from './check-of.ts'
import { hidden } from './hidden.ts'

const strict = { additionalProperties: false }
const ids = Type.Array(Type.String({ maxLength: 1_000 }), { minItems: 1, maxItems: 1_000 })

const Replay = Type.Object({ ids, all: Type.Optional(Type.Boolean()) }, strict)
const Discard = Type.Object({ ids }, strict)
const UpTo = Type.Object({ upTo: Type.Integer({ minimum: 0 }) }, strict)
// A sender may make it of any length.
const Forget = Type.Object({ conversation: Type.String({ minLength: 1 }) }, strict)

/** What the page changes: each answers how many events it were. */
export function addChanges (scope: FastifyInstance, inbox: InboxView): void {
  add('replay', Replay, async ({ ids, all }) => await inbox.replay(ids, { all }))
  add('replay-dead', UpTo, async ({ upTo }) => await replayAll(inbox, { state: 'dead' }, upTo))
  add('discard', Discard, async ({ ids }) => await inbox.discard(ids))
  add('discard-dead', UpTo, async ({ upTo }) => await discardAll(inbox, { state: 'dead' }, upTo))
  add('forget', Forget, async ({ conversation }) => await inbox.forget(conversation))

  function add<T extends TSchema> (name: string, schema: T, change: (asked: Static<T>) => Promise<number>): void {
    const asked = checkOf(schema)
    scope.post(`/api/${name}`, { schema: hidden }, async ({ body }) => ({ count: await change(asked(body)) }))
  }
}
