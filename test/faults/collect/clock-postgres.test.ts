import tap from 'tap'
import { postgresInbox } from '../../../lib/inbox/postgres/inbox.ts'
import { postgresUrl, schemas } from '../../helpers/postgres.ts'
import { collectingClocks } from '../helpers/collecting-clocks.ts'

const connectionString = await postgresUrl(tap)
const newSchema = schemas(tap, connectionString)

collectingClocks('postgres', () => postgresInbox({ connectionString, schema: newSchema() }))
