import type { PostgresInboxOptions } from '../../../lib/inbox/postgres/inbox.ts'
import { newSchema } from '../../helpers/postgres.ts'
import type { Scope } from '../../helpers/scope.ts'
import type { Answer } from './client.ts'
import { HostGroup } from './host-group.ts'

export { isOf } from './host-group.ts'
export type { Member } from './host-group.ts'

/** Processes that share a schema. */
export class Fleet extends HostGroup {
  readonly schema: string
  readonly answers: Answer[] = []

  constructor (t: Scope, connectionString: string, inbox: Pick<PostgresInboxOptions, 'lease' | 'keep'> = {}) {
    const schema = newSchema()
    super(t, { postgres: { connectionString, schema, lease: 2_000, ...inbox } })
    this.schema = schema
  }

  protected override heard (answer: Answer): void {
    this.answers.push(answer)
  }
}
