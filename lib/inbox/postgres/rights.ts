// Only PostgreSQL: a role may lack rights there. To a file one may write or not (sqlite/store/files.ts).
import { InboxUnusableError } from '../../errors/errors.ts'
import type { Database } from './database.ts'
import { quoted } from './identifiers.ts'
import { MIGRATIONS } from './migrations.ts'

/** What the migrations make. What is gone by now is not in the database's catalogue. */
const MADE = /CREATE (?:TABLE|SEQUENCE|FUNCTION) made\.(\w+)/g

/**
 * Sees to it that the role of this connection may do all that an inbox does. Nothing at start needs most of these rights, so whoever has
 * not got them would be ready, and answer every event 503.
 */
export async function checkRights (database: Database, schema: string): Promise<void> {
  const names = MIGRATIONS.flatMap(({ sql }) => [...sql('made').matchAll(MADE)].map(([, name]) => name))
  const { role, missing } = await database.one(`SELECT current_user AS role, string_agg(m.rights || m.what, ', ' ORDER BY m.what COLLATE "C") AS missing FROM (
      SELECT string_agg(r.name, ', ' ORDER BY r.n) AS rights, CASE c.relkind WHEN 'S' THEN ' of the sequence ' ELSE ' on the table ' END || c.relname::text AS what
        FROM pg_catalog.pg_class c
        CROSS JOIN pg_catalog.unnest(CASE c.relkind WHEN 'S' THEN '{USAGE}' ELSE '{SELECT,INSERT,UPDATE,DELETE}' END::text[]) WITH ORDINALITY AS r (name, n)
        WHERE c.relnamespace = $1::regnamespace AND c.relname = ANY ($2)
          AND NOT CASE c.relkind WHEN 'S' THEN has_sequence_privilege(c.oid, r.name) ELSE has_table_privilege(c.oid, r.name) END
        GROUP BY c.relname, c.relkind
      UNION ALL SELECT 'EXECUTE', ' on the function ' || p.proname::text FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = $1::regnamespace AND p.proname = ANY ($2) AND NOT has_function_privilege(p.oid, 'EXECUTE')
    ) AS m (rights, what)`, [quoted(schema), names])
  if (typeof missing === 'string') throw new InboxUnusableError(schema, `the role '${String(role)}' lacks ${missing}`)
}
