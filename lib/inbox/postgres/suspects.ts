import type { Database } from './database.ts'
import { quoted } from './names.ts'

/** Whether there is anything that a process was at when it ended: it is suspect, or it will be once somebody claims. */
export async function hasSuspects (database: Database, schema: string): Promise<boolean> {
  const lanes = `${quoted(schema)}.lanes`
  const { found } = await database.one(`SELECT EXISTS (SELECT FROM ${lanes} WHERE suspect)
    OR EXISTS (SELECT FROM ${lanes} WHERE NOT suspect AND due <= now() AND claim IS NOT NULL) AS found`)
  return found === 't'
}
