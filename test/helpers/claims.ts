import pg from 'pg'

/** A lane that was claimed while another process, or nobody, had it. */
interface Claim {
  lane: string
  /** The `application_name` of who did. */
  app: string
  /** The process, and whose the lane was. */
  holder: string
  from: string | null
  /** Whether it was not due, or its lease had not run out: by the database's clock, when it was changed. */
  early: boolean
}

/** Has the database note whose the lanes of an inbox become from now on. */
export async function noteClaims (pool: pg.Pool, schema: string): Promise<void> {
  const name = pg.escapeIdentifier(schema)
  await pool.query(`
    CREATE TABLE ${name}.claims (n serial, lane text, app text, holder uuid, "from" uuid, early boolean);
    CREATE FUNCTION ${name}.note_claim () RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      INSERT INTO ${name}.claims (lane, app, holder, "from", early)
        VALUES (NEW.lane, current_setting('application_name'), NEW.holder, OLD.holder, OLD.due > clock_timestamp());
      RETURN NULL;
    END $$;
    CREATE TRIGGER note_claim AFTER UPDATE ON ${name}.lanes FOR EACH ROW
      WHEN (NEW.claim IS NOT NULL AND (NEW.holder, NEW.claim) IS DISTINCT FROM (OLD.holder, OLD.claim))
      EXECUTE FUNCTION ${name}.note_claim()`)
}

export async function claimsNoted (pool: pg.Pool, schema: string): Promise<Claim[]> {
  return (await pool.query<Claim>(`SELECT * FROM ${pg.escapeIdentifier(schema)}.claims ORDER BY n`)).rows
}

/** Those that took a lane from another process, for its lease had run out. */
export function takeovers (claims: readonly Claim[]): Array<Claim & { fromApp: string }> {
  const apps = new Map(claims.map(({ holder, app }) => [holder, app]))
  return claims.filter(({ from, holder }) => from !== null && from !== holder)
    .map((claim) => ({ ...claim, fromApp: apps.get(claim.from ?? '') ?? '' }))
}
