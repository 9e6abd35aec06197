import { createHash } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'

/** What a database has, in short: two with the same rows in all tables have the same text. Throws if it is not whole. */
export function contentsOf (path: string): string {
  const db = new DatabaseSync(path)
  try {
    const check = db.prepare('PRAGMA integrity_check').all().map((row) => row.integrity_check).join('; ')
    if (check !== 'ok') throw new Error(`the integrity check says: ${check}`)
    const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all().map(({ name }) => String(name))
    const rows = tables.map((table) => [table, ...db.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`).all()])
    return createHash('sha256').update(JSON.stringify(rows, (_, value: unknown) => value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value)).digest('base64')
  } finally {
    db.close()
  }
}
