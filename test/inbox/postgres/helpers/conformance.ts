import pg from 'pg'
import tap from 'tap'
import { postgresInbox } from '../../../../lib/inbox/postgres/inbox.ts'
import { openPool, postgresUrl, schemas, schemasByStore } from '../../../helpers/postgres.ts'
import { durableConformance, partOfConformance } from '../../conformance.ts'

const url = await postgresUrl(tap)
const schema = schemas(tap, url)
const schemaOf = schemasByStore(schema)
const admin = openPool(tap, url)

/** Its leases run out, as if the process that has them had ended. */
async function kill (store: string): Promise<string> {
  await admin.query(`UPDATE ${pg.escapeIdentifier(schemaOf(store))}.lanes SET due = now() WHERE holder IS NOT NULL`)
  return store
}

/** With an isolation that makes the server refuse what others were quicker at, and a single connection. */
const serializable = (schema: string) => postgresInbox({ pool: openPool(tap, url, { options: '-c default_transaction_isolation=serializable', max: 1 }), schema })

export function testPart (part: number): void {
  partOfConformance([part, 4], 'postgresInbox', (store) => postgresInbox({ connectionString: url, schema: schemaOf(store) }), { shared: true, collects: true, kill })
}

export function testPartSerializable (part: number): void {
  partOfConformance([part, 3], 'postgresInbox, serializable', (store) => serializable(schemaOf(store)), { collects: true })
}

export function testLarge (): void {
  durableConformance('postgresInbox', () => postgresInbox({ connectionString: url, schema: schema() }))
  durableConformance('postgresInbox, serializable', () => serializable(schema()))
}
