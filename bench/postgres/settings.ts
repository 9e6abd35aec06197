import type pg from 'pg'

export interface Description {
  version: string
  /** What is not as PostgreSQL has it by default. */
  settings: Record<string, string>
  /** Whether it was started for this run. */
  started: boolean
}

/** What differs on every server, and has nothing to do with how quick it is. */
const MEANINGLESS = ['port', 'log_timezone', 'cluster_name']

export async function descriptionOf (client: pg.Client): Promise<Omit<Description, 'started'>> {
  const { rows } = await client.query<{ name: string, setting: string }>(`SELECT name, setting FROM pg_settings
    WHERE source NOT IN ('default', 'override', 'client', 'session') AND setting IS DISTINCT FROM boot_val
    AND category NOT LIKE '%Locale%' AND category NOT LIKE 'File%' AND name <> ALL($1) ORDER BY name`, [MEANINGLESS])
  const { rows: [server] } = await client.query<{ server_version: string }>('SHOW server_version')
  return { version: server?.server_version ?? 'unknown', settings: Object.fromEntries(rows.map(({ name, setting }) => [name, setting])) }
}
