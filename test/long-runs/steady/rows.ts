import { ofAll, percentilesOf } from '../figures.ts'
import type { Percentiles } from '../figures.ts'
import type { Columns } from '../results.ts'
import type { Traffic } from '../traffic.ts'

export interface Row {
  /** At its end. */
  readonly minute: number
  readonly posted: number
  readonly delivered: number
  readonly pending: number
  /** Milliseconds from the post to the answer, and to the end of the listener. */
  readonly answer: Percentiles
  readonly endToEnd: Percentiles
  readonly bytes: Readonly<Record<string, number>>
  readonly dead: number | undefined
  readonly perEvent: Readonly<Record<string, number>>
}

/** By how much a mean may grow from the second quarter of a run to the last one and be called level. */
const LEVEL = 1.1

/** Minutes that the second quarter may begin after, at the earliest: only then are events purged as quickly as new ones come. */
const WARM = 2

const MIB = 2 ** 20

export function columnsOf ([row]: readonly Row[]): Columns<Row> {
  return {
    minute: ({ minute }) => minute.toFixed(2),
    posted: ({ posted }) => posted,
    delivered: ({ delivered }) => delivered,
    pending: ({ pending }) => pending,
    answer_p50_ms: ({ answer }) => answer.p50.toFixed(2),
    answer_p99_ms: ({ answer }) => answer.p99.toFixed(2),
    end_to_end_p50_ms: ({ endToEnd }) => endToEnd.p50.toFixed(2),
    end_to_end_p99_ms: ({ endToEnd }) => endToEnd.p99.toFixed(2),
    ...Object.fromEntries(Object.keys(row?.bytes ?? {}).map((name) => [`${name}_mib`, ({ bytes }: Row) => ((bytes[name] ?? NaN) / MIB).toFixed(2)])),
    ...row?.dead !== undefined && { dead_rows: ({ dead }: Row) => dead ?? NaN },
    ...Object.fromEntries(Object.keys(row?.perEvent ?? {}).map((name) => [PER_EVENT[name] ?? name, ({ perEvent }: Row) => (perEvent[name] ?? NaN).toFixed(2)]))
  }
}

const PER_EVENT: Readonly<Record<string, string>> = { log: 'log_bytes_an_event', died: 'dead_rows_an_event' }
const TITLES: Readonly<Record<string, string>> = { log: 'bytes of the write-ahead log an event', died: 'rows that die an event (updates and deletes)' }

export function summaryOf (rows: readonly Row[], { posted, delivered, deliveredAgain, answers, endToEnd, problems }: Traffic, { totals }: { totals: ReadonlyMap<string, number> }): Array<[string, string]> {
  const names = Object.keys(rows[0]?.bytes ?? {})
  return [
    ['events posted', `${ofAll(posted)}, in ${(rows.at(-1)?.minute ?? 0).toFixed(1)} minutes`],
    ['events delivered', `${ofAll(delivered)}, ${ofAll(deliveredAgain)} of them again`],
    ['answer, p50 / p99 in ms', `${overall(answers)}; worst minute ${worst(rows.map(({ answer }) => answer))}`],
    ['end to end, p50 / p99 in ms', `${overall(endToEnd)}; worst minute ${worst(rows.map(({ endToEnd }) => endToEnd))}`],
    ...names.map((name): [string, string] => [`${name}, MiB: mean of the second quarter, of the last one, and the most`, courseOf(rows, name)]),
    ...[...totals].map(([name, total]): [string, string] => [TITLES[name] ?? name, (total / delivered).toFixed(1)]),
    ...rows[0]?.dead === undefined ? [] : [['dead rows, at most', ofAll(Math.max(...rows.map(({ dead = NaN }) => dead)))] as [string, string]],
    ['lost or out of order', ofAll(problems.length)]
  ]
}

function overall ({ all }: Traffic['answers']): string {
  const { p50, p99 } = percentilesOf(all)
  return `${p50.toFixed(1)} / ${p99.toFixed(1)}`
}

function worst (rows: readonly Percentiles[]): string {
  return `${Math.max(...rows.map(({ p50 }) => p50)).toFixed(1)} / ${Math.max(...rows.map(({ p99 }) => p99)).toFixed(1)}`
}

function courseOf (rows: readonly Row[], name: string): string {
  const values = rows.map(({ bytes }) => bytes[name] ?? NaN)
  const quarter = Math.ceil(values.length / 4)
  const [second, last] = [mean(values.slice(quarter, 2 * quarter)), mean(values.slice(-quarter))]
  const verdict = (rows[quarter - 1]?.minute ?? 0) < WARM ? 'too short to tell' : last <= second * LEVEL ? 'level' : 'not level'
  return `${[second, last, Math.max(...values)].map((bytes) => (bytes / MIB).toFixed(1)).join(', ')}: ${verdict}`
}

function mean (values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
