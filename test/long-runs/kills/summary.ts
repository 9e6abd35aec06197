import type { Findings } from '../../faults/helpers/host-group.ts'
import { ofAll, quartilesOf } from '../figures.ts'
import type { Columns } from '../results.ts'
import type { KillRow } from './rows.ts'

export const COLUMNS: Columns<KillRow> = {
  kill: ({ kill }) => kill,
  seconds: ({ seconds }) => seconds.toFixed(1),
  answered_200: ({ accepted }) => accepted,
  under_way: ({ underWay }) => underWay,
  delivered_again: ({ again }) => again,
  first_delivery_ms: ({ first }) => first?.toFixed(0) ?? '',
  first_again_ms: ({ firstAgain }) => firstAgain?.toFixed(0) ?? ''
}

interface Totals {
  readonly accepted: number
  readonly seconds: number
  /** Leases that expired in processes that were alive, if there are leases. */
  readonly expired: number | undefined
  readonly findings: Findings
}

export function summaryOf (rows: readonly KillRow[], { accepted, seconds, expired, findings: { lost, miscounted, unordered, overlapping } }: Totals): Array<[string, string]> {
  const sum = (value: (row: KillRow) => number) => rows.reduce((total, row) => total + value(row), 0)
  return [
    ['kills', ofAll(rows.length)],
    ['events answered 200', `${ofAll(accepted)}, in ${ofAll(seconds)} s`],
    ['deliveries under way at a kill', `${ofAll(sum(({ underWay }) => underWay))}, at ${ofAll(rows.filter(({ underWay }) => underWay > 0).length)} of the kills`],
    ['events delivered again', ofAll(sum(({ again }) => again))],
    ['from a kill to the next call of a listener, ms', quartilesOf(rows.map(({ first }) => first))],
    ['from a kill to the first event that is delivered again, ms', quartilesOf(rows.map(({ firstAgain }) => firstAgain))],
    ['events lost', ofAll(lost.length)],
    ['stored once each', miscounted.length === 0 ? 'yes' : miscounted.join()],
    ['events delivered before an earlier one of their conversation was through', ofAll(unordered.length)],
    ['deliveries of one conversation side by side', ofAll(overlapping.length)],
    ...expired === undefined ? [] : [['times that a process was stopped for longer than its lease, and then has logged that events were taken over', ofAll(expired)] as [string, string]]
  ]
}
