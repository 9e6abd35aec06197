import tap from 'tap'
import { postgresInbox } from '../../../lib/inbox/postgres/inbox.ts'
import { openPool, postgresUrl, schemas } from '../../helpers/postgres.ts'
import { conformance, durableConformance } from '../conformance.ts'

const url = await postgresUrl(tap)
const schema = schemas(tap, url)

// An isolation that makes the server refuse what others were quicker at, and a single connection.
const options = '-c default_transaction_isolation=serializable'
const create = () => postgresInbox({ pool: openPool(tap, url, { options, max: 1 }), schema: schema() })

conformance('postgresInbox, serializable', create)
durableConformance('postgresInbox, serializable', create)
