import pg from 'pg'
import tap from 'tap'
import { postgresInbox } from '../../../lib/inbox/postgres/inbox.ts'
import { openPool, postgresUrl, schemas, schemasByStore } from '../../helpers/postgres.ts'
import { conformance, durableConformance } from '../conformance.ts'

tap.setTimeout(120_000)

const url = await postgresUrl(tap)
const schema = schemas(tap, url)
const schemaOf = schemasByStore(schema)
const admin = openPool(tap, url)

/** Its leases run out, as if the process that has them had ended. */
async function kill (store: string): Promise<string> {
  await admin.query(`UPDATE ${pg.escapeIdentifier(schemaOf(store))}.lanes SET due = now() WHERE holder IS NOT NULL`)
  return store
}

conformance('postgresInbox', (store) => postgresInbox({ connectionString: url, schema: schemaOf(store) }), { shared: true, kill })
durableConformance('postgresInbox', () => postgresInbox({ connectionString: url, schema: schema() }))
