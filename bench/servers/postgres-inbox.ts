import { postgresInbox } from '../../dist/lib/inbox/postgres/inbox.js'

const [,, connectionString = ''] = process.argv

/** In the database that the process was started with. */
export function createInbox () {
  return postgresInbox({ connectionString })
}
