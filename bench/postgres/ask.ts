import pg from 'pg'

/** What a statement answers in its one column of its one row, on a connection of its own. */
export async function askNumber (url: string, statement: string) {
  const client = new pg.Client(url)
  await client.connect()
  const { rows: [row] } = await client.query<{ number: string | number | null }>(`SELECT (${statement})::bigint AS number`)
  await client.end()
  return Number(row?.number ?? NaN)
}
