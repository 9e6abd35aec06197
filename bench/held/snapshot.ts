import pg from 'pg'

/** A transaction that is left open, as by a dump or a forgotten session: until it ends, no row that dies can be cleared away. */
export async function openSnapshot (url: string) {
  const client = new pg.Client(url)
  await client.connect()
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  // The snapshot is of the first statement.
  await client.query('SELECT count(*) FROM pg_class')
  return { end: () => client.end() }
}
