import { ratio, spread, table, whole, type Column } from '../table.ts'
import type { CompletionsFigures } from './measure.ts'

const columns: Array<Column<CompletionsFigures>> = [
  { heading: 'What the transaction has besides the row', cell: ({ title }) => title },
  { heading: 'Processor time', cell: ({ processorTimeRatio: times }) => `**${ratio(times.median)}** ${spread(times)}` },
  { heading: 'µs an event, Node + PostgreSQL', cell: ({ microsecondsPerEvent: { node, postgres } }) => `${whole(node)} + ${whole(postgres)}` },
  { heading: 'Events/s', cell: ({ eventsPerSecondRatio: times }) => `**${ratio(times.median)}** ${spread(times)}` },
  { heading: 'Events/s, absolute', cell: ({ eventsPerSecond: { q1, median, q3 } }) => `${whole(median)} [${whole(q1)}–${whole(q3)}]` }
]

export function completionsTable (figures: CompletionsFigures[]) {
  return table(columns, figures)
}
