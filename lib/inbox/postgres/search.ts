// Only PostgreSQL: one statement looks through a part of the inbox, as each of them goes to the server and back.
import { folded } from '../../events/folded.ts'
import { SHORTEST_ID } from '../fits.ts'
import type { EventFilter } from '../inbox.ts'
import { mayBeShown } from '../sql/may-be-shown.ts'
import { COLUMNS, tableOf, whereState } from './event-rows.ts'
import { idBytes, idRanges } from './ids.ts'
import { BLOCKS } from './sql/discard.ts'
import { blockOf, isOfLane, startOf } from './sql/functions.ts'
import { State } from './sql/states.ts'
import { patternOf } from './text-pattern.ts'

/** Events that one statement looks at. */
const ROWS = 1_000
/** Those of which it reads only when they came in, which is in the index of their numbers. */
const TIMES = 20_000
/** Bytes of bodies that one statement reads, besides the first one. */
const BYTES = 1_048_576

export interface Search {
  /** $1: only events with a smaller `seq`. $2: at most so many. */
  readonly text: string
  /** From $3 on. */
  readonly values: readonly unknown[]
  /** If not, it returns ids. */
  readonly withBodies: boolean
}

/** Returns the name of a parameter that has this value. */
type Add = (value: unknown) => string

/** Of events `e`, with `seq` and `received`, the next ones below $1. */
interface Entries {
  readonly sql: string
  /** Whether `received` costs nothing. */
  readonly hasTimes?: boolean
  /** Where to go on if there are no more of them. */
  readonly otherwise?: string
}

/**
 * Takes the next entries of an index, of those the ones that came in at the time, and looks at these events alone. Each is found by its
 * number, whatever the server believes of its tables: hence a `LIMIT 1`, or a subquery, where a join would do. All entries are counted only
 * if too few of them came in at the time: the server runs a subquery in a CASE when it needs it.
 *
 * It returns a row for each event that fits, or one row without an event. If a text is looked for, some of them may not have it, but each
 * that has it is among them.
 */
export function searchOf (schema: string, filter: EventFilter, idsOnly: boolean): Search {
  const values: unknown[] = []
  const add = (value: unknown) => `$${values.push(value) + 2}`
  const { text } = filter
  const withBodies = !idsOnly || text !== undefined
  const { sql: entries, hasTimes = false, otherwise = 'NULL' } = entriesOf(schema, filter, add)
  const times = timesOf(filter, add)
  const conditions = conditionsOf(schema, filter, add)
  const most = text === undefined ? '$2::bigint' : String(ROWS)
  const inSlice = conditions.length === 0 ? most : String(ROWS)
  const inEntries = times.length === 0 ? inSlice : String(hasTimes ? TIMES : ROWS)
  const event = `JOIN LATERAL (SELECT * FROM ${schema}.events e WHERE e.seq = s.seq LIMIT 1) AS e ON true`
  const sql = `WITH entries AS MATERIALIZED (
      SELECT e.*, row_number() OVER (ORDER BY e.seq DESC) AS n FROM (${entries} LIMIT ${inEntries}) AS e
    ), slice AS MATERIALIZED (
      SELECT e.seq, e.n FROM entries e ${whereAll(times)} ORDER BY e.seq DESC LIMIT ${inSlice}
    ), page AS MATERIALIZED (
      SELECT s.seq, s.n, ${withBodies ? `sum(e.size) OVER (ORDER BY s.seq DESC) - e.size < ${BYTES}` : 'true'} AS is_in
      FROM slice s ${event} ${whereAll(conditions)} ORDER BY s.seq DESC LIMIT ${most}
    )
    SELECT CASE WHEN p.is_cut THEN p.n WHEN s.count = ${inSlice} THEN s.n ELSE (SELECT count(*) FROM entries) END AS scanned,
      CASE WHEN p.is_cut THEN p.seq WHEN s.count = ${inSlice} THEN s.seq WHEN (SELECT count(*) FROM entries) = ${inEntries} THEN (SELECT min(seq) FROM entries)
        ELSE ${otherwise} END AS before, f.*
    FROM (SELECT count(*), max(n) AS n, min(seq) AS seq FROM slice) AS s
    CROSS JOIN (SELECT bool_or(NOT is_in) AS is_cut, max(n) FILTER (WHERE is_in) AS n, min(seq) FILTER (WHERE is_in) AS seq FROM page) AS p
    LEFT JOIN (
      SELECT s.n, ${withBodies ? COLUMNS : "e.seq, encode(e.id, 'hex') AS id"} FROM page s ${event}
      LEFT JOIN LATERAL (SELECT * FROM ${schema}.pending p WHERE p.seq + 0 = s.seq LIMIT 1) AS p ON true
      LEFT JOIN LATERAL (SELECT * FROM ${schema}.finished f WHERE f.seq = s.seq LIMIT 1) AS f ON true
      ${whereAll(['s.is_in', ...textConditions(text, add)])} ORDER BY s.seq DESC LIMIT $2::bigint
    ) AS f ON true
    ORDER BY f.seq DESC`
  return { text: sql, values, withBodies }
}

function whereAll (conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
}

function entriesOf (schema: string, { id, conversation, state, failing, since, until }: EventFilter, add: Add): Entries {
  // All of them, before they are put in order: the server must not look for them from the newest event on.
  if (id !== undefined) return { sql: `${IN_EVENTS} (${IN_EVENTS} ${schema}.events e WHERE ${hasId(id, add)} OFFSET 0) AS e WHERE e.seq < $1::bigint ORDER BY e.seq DESC` }
  if (conversation !== undefined) return entriesOfLane(schema, `${add(conversation)}::text COLLATE "C"`)
  const isPending = failing === true || state === 'pending'
  if (!isPending && state === undefined) return { sql: `${IN_EVENTS} ${schema}.events e WHERE e.seq < $1::bigint ORDER BY e.seq DESC`, hasTimes: true }
  const received = since === undefined && until === undefined ? 'NULL' : `(SELECT r.received FROM ${schema}.events r WHERE r.seq = e.seq)`
  const seq = isPending && failing !== true ? 'e.seq + 0' : 'e.seq'
  const where = failing === true ? 'e.attempts > 0 AND ' : whereState(state === 'done' ? undefined : state) // what is done has no index of its own
  return { sql: `SELECT e.seq, ${received} AS received FROM ${schema}.${tableOf(isPending ? 'pending' : state)} e WHERE ${where}${seq} < $1::bigint ORDER BY ${seq} DESC` }
}

const IN_EVENTS = 'SELECT e.seq, e.received FROM'

/** From block to block, beginning with that of the next event there is. */
function entriesOfLane (schema: string, lane: string): Entries {
  const first = blockOf(`(SELECT max(seq) FROM ${schema}.events WHERE seq < $1::bigint)`)
  const last = `${first} - ${BLOCKS - 1}`
  return {
    sql: `SELECT e.* FROM generate_series(${first}, ${last}, -1) AS b (block)
      CROSS JOIN LATERAL (${IN_EVENTS} ${schema}.events e WHERE ${isOfLane(lane, 'b.block')} AND e.seq + 0 < $1::bigint ORDER BY e.seq + 0 DESC LIMIT ${ROWS}) AS e
      ORDER BY e.seq DESC`,
    otherwise: `nullif(greatest(${startOf(`(${last})`)}, 0), 0)`
  }
}

function timesOf ({ since, until }: EventFilter, add: Add): string[] {
  return [...since === undefined ? [] : [`e.received >= ${add(since.getTime())}::bigint`], ...until === undefined ? [] : [`e.received < ${add(until.getTime())}::bigint`]]
}

/** What the entries leave open. */
function conditionsOf (schema: string, { id, conversation, state, failing, name }: EventFilter, add: Add): string[] {
  const isBySeq = id === undefined && conversation === undefined
  const conditions: string[] = []
  if (name !== undefined) conditions.push(`e.name = ${add(name)}`)
  if (conversation !== undefined) conditions.push(`e.lane = ${add(conversation)} AND e.id <> ${add(idBytes(conversation))}`)
  if (failing === true && !isBySeq) conditions.push(`(SELECT p.attempts > 0 FROM ${schema}.pending p WHERE p.seq + 0 = s.seq)`)
  if (state === 'pending' && !isBySeq) conditions.push(`(SELECT true FROM ${schema}.pending p WHERE p.seq + 0 = s.seq)`)
  const isGiven = isBySeq && failing !== true && state !== 'done'
  if (state !== undefined && state !== 'pending' && !isGiven) conditions.push(`(SELECT f.state = ${State[state]} FROM ${schema}.finished f WHERE f.seq = s.seq)`)
  return conditions
}

/** Of an event that may have it. What is shown and not stored, only whoever reads the event finds. */
function textConditions (text: string | undefined, add: Add): string[] {
  if (text === undefined || mayBeShown(folded(text))) return []
  const pattern = `${add(patternOf(text))}::text`
  const others = "pg_catalog.concat_ws(E'\\n', e.name, e.lane, replace(e.problems, E'\\n', '; '), f.error, p.error, f.deliveries, p.deliveries)"
  const conditions = [`e.body COLLATE "C" ~ ${pattern}`, `${others} COLLATE "C" ~ ${pattern}`]
  if (text.length >= SHORTEST_ID) conditions.push(hasId(text, add))
  return [`(${conditions.join(' OR ')})`]
}

/** Whether its id begins so. */
function hasId (id: string, add: Add): string {
  return `(${idRanges(id).map(({ first, last, length }) => `e.id BETWEEN ${add(first)}::bytea AND ${add(last)}::bytea AND length(e.id) ${length}`).join(' OR ')})`
}
