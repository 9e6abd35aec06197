import type { Figures } from './figures.ts'
import type { Quartiles } from './statistics.ts'

interface Column {
  heading: string
  cell: (figures: Figures) => string
}

const columns: Column[] = [
  { heading: 'Server', cell: ({ title }) => title },
  { heading: 'Processor time', cell: ({ processorTimeRatio }) => `**${ratio(processorTimeRatio)}** ${spread(processorTimeRatio)}` },
  { heading: 'Requests/s', cell: ({ requestsPerSecondRatio }) => `${ratio(requestsPerSecondRatio)} ${spread(requestsPerSecondRatio)}` },
  { heading: 'µs a request', cell: ({ microsecondsPerRequest }) => microsecondsPerRequest.median.toFixed(1) },
  { heading: 'Requests/s, absolute', cell: ({ requestsPerSecond }) => Math.round(requestsPerSecond.median).toLocaleString('en') },
  { heading: 'p50 / p99, ms', cell: ({ latency }) => `${milliseconds(latency.p50)} / ${milliseconds(latency.p99)}` },
  { heading: 'Core busy', cell: ({ coreBusy }) => `${Math.round(coreBusy * 100)} %` }
]

/** A Markdown table, as README shows it. */
export function table (figures: Figures[]) {
  const rows = [
    columns.map(({ heading }) => heading),
    columns.map((_column, index) => index === 0 ? '---' : '---:'),
    ...figures.map((one) => columns.map(({ cell }) => cell(one)))
  ]
  return rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function ratio ({ median }: Quartiles) {
  return median.toFixed(2)
}

function spread ({ q1, q3 }: Quartiles) {
  return `[${q1.toFixed(2)}–${q3.toFixed(2)}]`
}

function milliseconds (microseconds: number) {
  return (microseconds / 1_000).toFixed(1)
}
