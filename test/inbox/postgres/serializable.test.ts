import tap from 'tap'
import { postgresInbox } from '../../../lib/inbox/postgres/inbox.ts'
import { openPool, postgresUrl, schemas, schemasByStore } from '../../helpers/postgres.ts'
import { conformance, durableConformance } from '../conformance.ts'

tap.setTimeout(120_000)

const url = await postgresUrl(tap)
const schema = schemas(tap, url)
const schemaOf = schemasByStore(schema)

// An isolation that makes the server refuse what others were quicker at, and a single connection.
const options = '-c default_transaction_isolation=serializable'
const create = (schema: string) => postgresInbox({ pool: openPool(tap, url, { options, max: 1 }), schema })

conformance('postgresInbox, serializable', (store) => create(schemaOf(store)))
durableConformance('postgresInbox, serializable', () => create(schema()))
