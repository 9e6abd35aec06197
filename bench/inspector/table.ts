import { ratio, spread, table, whole, type Column } from '../table.ts'
import type { Inspected, InspectorFigures } from './measure.ts'

const inspectorColumns: Array<Column<InspectorFigures>> = [
  { heading: 'While', cell: ({ title }) => title },
  { heading: 'p50, ms', cell: ({ p50 }) => p50.median.toFixed(1) },
  { heading: 'Ratio of p50', cell: ({ p50Ratio }) => `**${ratio(p50Ratio.median)}** ${spread(p50Ratio)}` },
  { heading: 'p99, ms', cell: ({ p99 }) => p99.median.toFixed(1) },
  { heading: 'Ratio of p99', cell: ({ p99Ratio }) => `**${ratio(p99Ratio.median)}** ${spread(p99Ratio)}` },
  { heading: 'Events looked at, a second', cell: ({ scanned }) => whole(scanned.median) }
]

export function inspectorTable (figures: InspectorFigures[]) {
  return table(inspectorColumns, figures)
}

export function lookupsLine ({ events, lookups }: Inspected) {
  return `Among ${whole(events)} events, a conversation is found in ${lookups.conversation.toFixed(1)} ms and an id in ${lookups.id.toFixed(1)} ms (medians).`
}
