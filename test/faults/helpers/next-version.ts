import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { root, temporaryDirectory } from '../../helpers/package.ts'

/** What its migration does: `events` gets a column, and a function gets one more argument, which it writes down. */
const SQL = `
  ALTER TABLE SCHEMA.events ADD COLUMN more text NOT NULL DEFAULT 'nothing';
  CREATE TABLE SCHEMA.calls (version integer NOT NULL);
  DO $do$ DECLARE
    definition text := pg_get_functiondef('SCHEMA.add_events'::regproc);
  BEGIN
    DROP FUNCTION SCHEMA.add_events;
    definition := regexp_replace(definition, ', OUT ', ', _version integer DEFAULT 1, OUT ');
    EXECUTE regexp_replace(definition, '\\mBEGIN\\M', 'BEGIN INSERT INTO SCHEMA.calls (version) VALUES (_version);');
  END $do$;
`

/** The version after this one: what was built, with one more migration, and the folder that it is in. */
export function nextVersion (t: Test, worksWith: number): string {
  const directory = temporaryDirectory(t)
  const dist = join(directory, 'dist')
  cpSync(join(root, 'dist'), dist, { recursive: true })
  cpSync(join(root, 'package.json'), join(directory, 'package.json'))
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'))
  change(join(dist, 'lib/inbox/postgres/migrations.js'), /$/, () => `
    MIGRATIONS.push({ worksWith: ${worksWith}, sql: (schema) => ${JSON.stringify(SQL)}.replaceAll('SCHEMA', () => schema) })`)
  change(join(dist, 'lib/inbox/postgres/adds.js'), /(\.add_events\([^)]*)\)/, (_, call) => `${call}, 2)`)
  return dist
}

function change (file: string, what: RegExp, by: (...groups: string[]) => string): void {
  const before = readFileSync(file, 'utf8')
  const after = before.replace(what, by)
  if (after === before) throw new Error(`${file} is not as it was`)
  writeFileSync(file, after)
}
