import tap from 'tap'
import { postgresInbox } from '../../../lib/inbox/postgres/inbox.ts'
import { postgresUrl, schemas } from '../../helpers/postgres.ts'
import { conformance, durableConformance } from '../conformance.ts'

const url = await postgresUrl(tap)
const schema = schemas(tap, url)
const create = () => postgresInbox({ connectionString: url, schema: schema() })

conformance('postgresInbox', create)
durableConformance('postgresInbox', create)
