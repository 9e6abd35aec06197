import pg from 'pg'
import { errorOf } from '../../../lib/errors/error-of.ts'
import { quoted } from '../../../lib/inbox/postgres/identifiers.ts'
import { MIGRATIONS } from '../../../lib/inbox/postgres/migrations.ts'
import type { Row } from '../../../lib/inbox/postgres/query.ts'
import type { LaneRow } from './tables.ts'

/** What is stored, in the words of both servers. */
export interface Stored {
  readonly events: unknown[]
  readonly pending: unknown[]
  readonly finished: unknown[]
  readonly lanes: LaneRow[]
  readonly completions: unknown[]
  readonly totals: unknown
}

/** What the client calls the one column of what these return. */
const COLUMNS: Readonly<Record<string, string>> = { replay: 'count', discard: 'removed' }
/** The place of a time among what `turn` takes. */
const SINCE = 24
const types = { getTypeParser: () => String }

/** A real server, whose functions are those of the inbox but for the time, which the test sets. What a run stores is rolled back, or cleared before the next. */
export class ClockedServer {
  readonly #client: pg.Client
  /** Quoted. */
  readonly #schema: string

  private constructor (client: pg.Client, schema: string) {
    this.#client = client
    this.#schema = schema
  }

  static async open (url: string, name: string): Promise<ClockedServer> {
    const client = new pg.Client(url)
    await client.connect()
    const schema = quoted(name)
    await client.query(`SET timezone = 'UTC'; CREATE SCHEMA ${schema};
      CREATE FUNCTION ${schema}.clock () RETURNS timestamptz STABLE LANGUAGE sql AS $$ SELECT current_setting('simulator.now')::timestamptz $$`)
    for (const { sql } of MIGRATIONS) await client.query(sql(schema).replaceAll(/\b(?:now|clock_timestamp)\(\)/g, `${schema}.clock()`))
    return new ClockedServer(client, schema)
  }

  async close (): Promise<void> {
    await this.#client.end()
  }

  async begin (): Promise<void> {
    await this.#client.query('BEGIN')
    await this.#client.query(`SELECT setval('${this.#schema.replaceAll("'", "''")}.event_seq', 1, false)`)
  }

  async rollback (): Promise<void> {
    await this.#client.query('ROLLBACK')
  }

  /** Nothing is stored any more, as in a new schema. Not in a transaction: others see it. */
  async clear (): Promise<void> {
    const s = this.#schema
    await this.#client.query(`TRUNCATE ${s}.events, ${s}.pending, ${s}.finished, ${s}.lanes, ${s}.completions`)
    await this.#client.query(`UPDATE ${s}.totals SET pending = 0, done = 0, dead = 0, invalid = 0, received = 0`)
    await this.#client.query(`SELECT setval('${s.replaceAll("'", "''")}.event_seq', 1, false)`)
  }

  /** The statement of an app that completes an event. */
  get completing (): string {
    return `SELECT ${this.#schema}.complete($1::uuid, $2::bigint, $3::text, $4::bigint, $5::text)`
  }

  /** The number of each connection that waits for a lock. */
  async waiting (): Promise<number[]> {
    const rows = await this.#rows('SELECT pid FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0')
    return rows.map(({ pid }) => Number(pid))
  }

  async setTime (now: number): Promise<void> {
    await this.#client.query("SELECT set_config('simulator.now', $1, false)", [new Date(now).toISOString()])
  }

  async call (name: string, values: unknown[]): Promise<Row[]> {
    const call = `${this.#schema}.${name}(${values.map((_, i) => name === 'turn' && i === SINCE ? `to_timestamp($${i + 1}::float8 / 1000)` : `$${i + 1}`).join()})`
    const column = COLUMNS[name]
    return await this.#rows(column === undefined ? `SELECT * FROM ${call}` : `SELECT ${call} AS ${column}`, values)
  }

  /** What an error says, and nothing else of it is left. */
  async attempt (name: string, values: unknown[]): Promise<Row[] | string> {
    await this.#client.query('SAVEPOINT attempt')
    try {
      return await this.call(name, values)
    } catch (error) {
      await this.#client.query('ROLLBACK TO attempt')
      return errorOf(error).message
    }
  }

  async #rows (text: string, values: unknown[] = []): Promise<Row[]> {
    const { rows } = await this.#client.query<Row>({ text, values, types })
    return rows
  }

  async stored (): Promise<Stored> {
    const time = (column: string) => `(extract(epoch FROM ${column}) * 1000)::float8 AS ${column}`
    const all = (table: string, columns: string, order: string) =>
      `(SELECT coalesce(json_agg(r), '[]') FROM (SELECT ${columns} FROM ${this.#schema}.${table} ORDER BY ${order}) AS r)`
    const [row] = await this.#rows(`SELECT json_build_object(
      'events', ${all('events', "seq, born, received, size, encode(id, 'hex') AS id, lane, name, problems, body", 'seq')},
      'pending', ${all('pending', `seq, ${time('due')}, ${time('since')}, size, attempts, trial, aside, lane, completed, error, deliveries`, 'seq')},
      'finished', ${all('finished', `seq, ${time('finished')}, attempts, state, completed, error, deliveries`, 'seq')},
      'completions', ${all('completions', 'born, listener', '1, 2')},
      'lanes', ${all('lanes', `lane, head, ${time('due')}, holder, claim, adds, suspect`, 'lane')},
      'totals', (SELECT to_json(t) FROM (SELECT sum(pending) AS pending, sum(done) AS done, sum(dead) AS dead, sum(invalid) AS invalid, max(received) AS received
        FROM ${this.#schema}.totals) AS t)) AS stored`)
    return JSON.parse(String(row?.stored)) as Stored // as it is asked for
  }
}
