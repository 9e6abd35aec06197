import tap from 'tap'
import { postgresInbox } from '../../lib/inbox/postgres/inbox.ts'
import { postgresUrl } from '../helpers/postgres.ts'
import { collecting } from './helpers/collecting.ts'

tap.jobs = 4
const url = await postgresUrl(tap)

collecting('postgres', 1, (_t, store) => postgresInbox({ connectionString: url, schema: store }))
