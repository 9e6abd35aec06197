import tap from 'tap'
import { postgresInbox } from '../../lib/inbox/postgres/inbox.ts'
import { postgresUrl } from '../helpers/postgres.ts'
import { collectingAtOnce } from './helpers/collecting-at-once.ts'

tap.jobs = 4
const url = await postgresUrl(tap)

collectingAtOnce('postgres', (_t, store) => postgresInbox({ connectionString: url, schema: store }))
