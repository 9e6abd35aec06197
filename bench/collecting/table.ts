import { kilobytes, ratio, spread, table, whole, type Column } from '../table.ts'
import type { CollectingFigures } from './measure.ts'

const columns: Array<Column<CollectingFigures>> = [
  { heading: 'Inbox', cell: ({ inbox }) => inbox },
  { heading: 'Burst', cell: ({ size }) => whole(size) },
  { heading: 'Who wants it', cell: ({ title }) => title },
  { heading: 'Processor time', cell: ({ processorTimeRatio: times }) => `**${ratio(times.median)}** ${spread(times)}` },
  { heading: 'µs an event, Node + PostgreSQL', cell: ({ microseconds: { node, postgres } }) => postgres > 0 ? `${whole(node)} + ${whole(postgres)}` : whole(node) },
  { heading: 'Write-ahead log', cell: ({ logRatio: times }) => `**${ratio(times.median)}** ${spread(times)}` },
  { heading: 'kB an event', cell: ({ log }) => kilobytes(log) },
  { heading: 'Transactions an event', cell: ({ transactions }) => `${ratio(transactions.median)} ${spread(transactions)}` },
  { heading: 'Rows written an event', cell: ({ rows }) => Number.isNaN(rows.median) ? '' : `${ratio(rows.median)} ${spread(rows)}` },
  { heading: 'Calls a burst', cell: ({ calls }) => calls > 0 ? ratio(calls) : '' }
]

export function collectingTable (figures: CollectingFigures[]) {
  return table(columns, figures)
}
