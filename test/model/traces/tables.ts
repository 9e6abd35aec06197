import { isDeepStrictEqual } from 'node:util'
import pg from 'pg'
import { LEASE } from './process.ts'

export interface EventRow {
  readonly event: number
  readonly state: 'Pending' | 'Done' | 'Dead'
  readonly seq: number
  readonly lane: string
  readonly attempts: number
  readonly trial: number | null
}

export interface LaneRow {
  readonly lane: string
  readonly head: number
  readonly adds: number
  readonly due: boolean
  readonly overdue: boolean
  readonly holder: string | null
  readonly claim: number | null
  readonly suspect: boolean
}

export interface Snapshot {
  readonly events: ReadonlyMap<number, EventRow>
  readonly lanes: ReadonlyMap<string, LaneRow>
}

const NOTHING: Snapshot = { events: new Map(), lanes: new Map() }

/** Looks at the tables of an inbox, and moves their time. */
export class Tables {
  readonly #pool: pg.Pool
  readonly #schema: string
  /** The number of an event, by its id in hexadecimal digits. */
  readonly #numberOf: (id: string) => number
  last = NOTHING

  constructor (pool: pg.Pool, schema: string, numberOf: (id: string) => number) {
    this.#pool = pool
    this.#schema = pg.escapeIdentifier(schema)
    this.#numberOf = numberOf
  }

  async clear (): Promise<void> {
    const all = ['events', 'pending', 'finished', 'lanes'].map((table) => `${this.#schema}.${table}`).join()
    await this.#pool.query(`TRUNCATE ${all}; ALTER SEQUENCE ${this.#schema}.event_seq RESTART; UPDATE ${this.#schema}.totals SET pending = 0, done = 0, dead = 0, invalid = 0`)
    this.last = NOTHING
  }

  async look (): Promise<Snapshot> {
    const events = await this.#pool.query<Record<'id' | 'lane', string> & Record<'state' | 'seq' | 'attempts', number> & { trial: number | null }>(`
      SELECT encode(e.id, 'hex') AS id, e.seq::int, coalesce(p.lane, e.lane) AS lane, coalesce(f.state, 0) AS state,
        coalesce(p.attempts, f.attempts) AS attempts, p.trial
      FROM ${this.#schema}.events e LEFT JOIN ${this.#schema}.pending p ON p.seq + 0 = e.seq LEFT JOIN ${this.#schema}.finished f ON f.seq = e.seq`)
    const lanes = await this.#pool.query<LaneRow>(`
      SELECT lane, head::int, adds::int, due <= now() AS due, holder::text, claim::int, suspect,
        holder IS NOT NULL AND claim IS NULL AND due <= now() - $1 * interval '1 millisecond' AS overdue
      FROM ${this.#schema}.lanes`, [LEASE])
    this.last = {
      events: new Map(events.rows.map(({ id, state, ...row }) => [this.#numberOf(id), { ...row, event: this.#numberOf(id), state: STATES[state] ?? 'Pending' }])),
      lanes: new Map(lanes.rows.map((row) => [row.lane, row]))
    }
    return this.last
  }

  /** So many milliseconds pass on the server. What becomes due is due now: looks for it begin where the last one ended. */
  async pass (time: number): Promise<void> {
    const passed = "$1 * interval '1 millisecond'"
    await this.#pool.query(`UPDATE ${this.#schema}.pending SET due = due - ${passed} WHERE due IS NOT NULL`, [time])
    await this.#pool.query(`UPDATE ${this.#schema}.lanes SET due = CASE WHEN holder IS NOT NULL AND claim IS NULL THEN due - ${passed}
      ELSE least(due, greatest(now(), due - ${passed})) END`, [time])
  }
}

const STATES = ['Pending', 'Done', 'Dead'] as const

/** The rows that are not what they were, and the keys of those that are gone. */
export function changed<K, V> (before: ReadonlyMap<K, V>, after: ReadonlyMap<K, V>): { rows: V[], gone: K[] } {
  return {
    rows: [...after].filter(([key, row]) => !isDeepStrictEqual(before.get(key), row)).map(([, row]) => row),
    gone: [...before.keys()].filter((key) => !after.has(key))
  }
}
