import pg from 'pg'

/** A database for one thing that is measured, so that nobody finds what another one has left. */
export interface Database {
  url: string
  /** As after a while without load: nothing left to write to disk, and statistics of all tables. */
  tidy: () => Promise<void>
  drop: () => Promise<void>
}

let count = 0

export async function createDatabase (admin: pg.Client, serverUrl: string): Promise<Database> {
  const name = `oneroute_bench_${process.pid}_${++count}`
  const url = new URL(serverUrl)
  url.pathname = name
  await admin.query(`CREATE DATABASE ${name}`)
  return {
    url: url.href,
    tidy: async () => {
      const client = new pg.Client(url.href)
      await client.connect()
      await client.query('VACUUM ANALYZE')
      await client.query('CHECKPOINT')
      await client.end()
    },
    drop: async () => { await admin.query(`DROP DATABASE ${name} WITH (FORCE)`) }
  }
}
