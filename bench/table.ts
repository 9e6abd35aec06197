import type { Figures } from './figures.ts'
import type { Backlog } from './growth/backlog.ts'
import type { GrowthFigures } from './growth/figures.ts'
import type { Course, HeldFigures } from './held/figures.ts'
import type { Description } from './postgres/settings.ts'
import type { ProcessesFigures } from './processes/measure.ts'
import type { Order, QueueFigures } from './queues/figures.ts'
import type { RecordsFigures } from './records/measure.ts'
import type { RefusalsFigures } from './refusals/measure.ts'
import type { Quartiles } from './statistics.ts'
import type { WalFigures } from './wal/measure.ts'

export interface Column<Row> {
  heading: string
  cell: (row: Row) => string
}

const serverColumns: Array<Column<Figures>> = [
  { heading: 'Server', cell: ({ title }) => title },
  { heading: 'Processor time', cell: ({ processorTimeRatio }) => `**${ratio(processorTimeRatio.median)}** ${spread(processorTimeRatio)}` },
  { heading: 'Requests/s', cell: ({ requestsPerSecondRatio }) => `${ratio(requestsPerSecondRatio.median)} ${spread(requestsPerSecondRatio)}` },
  { heading: 'µs a request', cell: ({ microsecondsPerRequest }) => microsecondsPerRequest.median.toFixed(1) },
  { heading: 'of PostgreSQL besides', cell: ({ postgresPerRequest }) => postgresPerRequest > 0 ? postgresPerRequest.toFixed(1) : '' },
  { heading: 'Requests/s, absolute', cell: ({ requestsPerSecond }) => whole(requestsPerSecond.median) },
  { heading: 'p50 / p99, ms', cell: ({ latency }) => `${milliseconds(latency.p50)} / ${milliseconds(latency.p99)}` },
  { heading: 'Loop delay p99, ms', cell: ({ loopDelay }) => milliseconds(loopDelay) },
  { heading: 'Memory, MiB', cell: ({ memory }) => mebibytes(memory) },
  { heading: 'Core busy', cell: ({ coreBusy }) => `${Math.round(coreBusy * 100)} %` }
]

const growthColumns: Array<Column<GrowthFigures>> = [
  { heading: 'Stored before', cell: ({ stored }) => whole(stored) },
  { heading: 'Conversations', cell: ({ conversations }) => whole(conversations) },
  { heading: 'Processor time', cell: ({ processorTimeRatio }) => `**${ratio(processorTimeRatio.median)}** ${spread(processorTimeRatio)}` },
  { heading: 'All turns together', cell: ({ overallRatio }) => ratio(overallRatio) },
  { heading: 'µs an event', cell: ({ microsecondsPerEvent }) => microsecondsPerEvent.median.toFixed(1) },
  { heading: 'Requests/s, absolute', cell: ({ requestsPerSecond }) => whole(requestsPerSecond.median) }
]

const queueColumns: Array<Column<QueueFigures>> = [
  { heading: 'Queue', cell: ({ title }) => title },
  { heading: 'Deliveries/s of a backlog', cell: ({ deliveriesRatio }) => `**${ratio(deliveriesRatio.median)}** ${spread(deliveriesRatio)}` },
  { heading: 'absolute', cell: ({ deliveriesPerSecond }) => whole(deliveriesPerSecond.median) },
  { heading: 'µs each, Node + PostgreSQL', cell: ({ microsecondsPerEvent: { node, postgres } }) => `${node.toFixed(0)} + ${postgres.toFixed(0)}` },
  { heading: 'Deliveries/s as events are added', cell: ({ streamRatio }) => `**${ratio(streamRatio.median)}** ${spread(streamRatio)}` },
  { heading: 'absolute', cell: ({ streamPerSecond }) => whole(streamPerSecond.median) },
  { heading: 'Only adds/s', cell: ({ addsPerSecond }) => whole(addsPerSecond.median) },
  { heading: 'In order', cell: ({ plain }) => kept(plain) },
  { heading: 'In order if some fail at first', cell: ({ retried }) => kept(retried) },
  { heading: 'What keeps the order; settings', cell: ({ order }) => order }
]

const heldColumns: Array<Column<HeldFigures>> = [
  { heading: 'Queue', cell: ({ title }) => title },
  { heading: 'Events/s, free', cell: ({ free }) => whole(free.eventsPerSecond) },
  { heading: 'with a transaction left open', cell: ({ held }) => whole(held.eventsPerSecond) },
  { heading: 'Ratio', cell: (figures) => `**${heldRatio(figures, 'eventsPerSecond')}**` },
  { heading: 'in the last tenth of the time', cell: (figures) => heldRatio(figures, 'lastEventsPerSecond') },
  { heading: 'p95 from adding to the listener, ms: free / left open', cell: ({ free, held }) => `${whole(free.p95)} / ${whole(held.p95)}` },
  { heading: 'Dead rows at the end: free / left open', cell: ({ free, held }) => `${whole(free.dead)} / ${whole(held.dead)}` },
  { heading: 'In order: free / left open', cell: ({ free, held }) => `${kept(free.order)} / ${kept(held.order)}` }
]

const walColumns: Array<Column<WalFigures>> = [
  { heading: 'Done events in the tables', cell: ({ stored }) => whole(stored) },
  { heading: 'Write-ahead log, kB an event', cell: ({ log }) => `**${kilobytes(log.median)}** [${kilobytes(log.q1)}–${kilobytes(log.q3)}]` },
  { heading: 'Whole pages in it, an event', cell: ({ images }) => `${ratio(images.median)} ${spread(images)}` },
  { heading: 'Disk, kB an event', cell: ({ disk }) => `${kilobytes(disk.median)} [${kilobytes(disk.q1)}–${kilobytes(disk.q3)}]` },
  { heading: 'Events/s', cell: ({ eventsPerSecond: { q1, median, q3 } }) => `${whole(median)} [${whole(q1)}–${whole(q3)}]` }
]

const recordsColumns: Array<Column<RecordsFigures>> = [
  { heading: 'An event that', cell: ({ title }) => title },
  { heading: 'Processor time', cell: ({ ratio: times }) => `**${ratio(times.median)}** ${spread(times)}` },
  { heading: 'µs an event', cell: ({ microseconds }) => microseconds.median.toFixed(1) }
]

/** Markdown, as README shows it. */
export function serverTable (figures: Figures[]) {
  return table(serverColumns, figures)
}

export function growthTable (figures: GrowthFigures[]) {
  return table(growthColumns, figures)
}

export function recordsTable (figures: RecordsFigures[]) {
  return table(recordsColumns, figures)
}

export function refusalsTable (figures: RefusalsFigures[]) {
  const sizes = figures[0]?.sizes ?? []
  return table([
    { heading: 'A refused body of', cell: ({ title }) => title },
    ...sizes.flatMap(({ size }, index): Array<Column<RefusalsFigures>> => [
      { heading: `Processor time, ${whole(size / 1_024)} KiB`, cell: ({ sizes }) => sizes[index] === undefined ? '' : `**${ratio(sizes[index].ratio.median)}** ${spread(sizes[index].ratio)}` },
      { heading: 'µs a request', cell: ({ sizes }) => sizes[index] === undefined ? '' : whole(sizes[index].microseconds.median) }
    ])
  ], figures)
}

export function queueTable (figures: QueueFigures[]) {
  return table(queueColumns, figures)
}

export function heldTable (figures: HeldFigures[]) {
  return table(heldColumns, figures)
}

/** Of the first of them, step by step. */
export function heldSteps ([figures]: HeldFigures[]) {
  const steps = figures?.free.steps.map((free, index) => ({ free, held: figures.held.steps[index] })) ?? []
  return table([
    { heading: 'Events', cell: ({ free }) => whole(free.events) },
    { heading: 'Events/s, free', cell: ({ free }) => whole(free.eventsPerSecond) },
    { heading: 'with a transaction left open', cell: ({ held }) => whole(held?.eventsPerSecond ?? NaN) },
    { heading: 'Ratio', cell: ({ free, held }) => ratio((held?.eventsPerSecond ?? NaN) / free.eventsPerSecond) }
  ], steps)
}

export function walTable (figures: WalFigures[]) {
  return table(walColumns, figures)
}

export function processesLines ({ adds, both, deliveries }: ProcessesFigures) {
  const rows: Array<[string, Quartiles]> = [
    ['1 process adds', adds],
    ['1 process adds and delivers: added', both.adds],
    ['1 process adds and delivers: delivered', both.deliveries],
    ...deliveries.map(({ processes, deliveriesPerSecond }): [string, Quartiles] => (
      [`${processes} ${processes === 1 ? 'process delivers' : 'processes deliver'}`, deliveriesPerSecond]
    ))
  ]
  return table([
    { heading: 'On one PostgreSQL', cell: ([name]) => name },
    { heading: 'Events/s', cell: ([, { q1, median, q3 }]) => `**${whole(median)}** [${whole(q1)}–${whole(q3)}]` }
  ], rows)
}

export function postgresLine ({ version, settings, started }: Description) {
  const list = Object.entries(settings).map(([name, value]) => `${name} = '${value}'`).join(', ')
  return `PostgreSQL ${version}, ${started ? 'started for this, on the same cores' : 'as PG_URL says'}; settings that are not the default: ${list || 'none'}.`
}

export function backlogLine ({ pending, start, emptyStart, delivering }: Backlog) {
  return `With ${whole(pending)} pending events, the app is ready ${start.ready.median.toFixed(0)} ms after the plugin was registered ` +
    `(with none: ${emptyStart.ready.median.toFixed(0)} ms), and has at most ${mebibytes(start.memory.median)} MiB in memory in the ` +
    `three seconds after that (with none: ${mebibytes(emptyStart.memory.median)} MiB), or ${mebibytes(delivering.memory)} MiB while ` +
    `it delivers them, ${whole(delivering.speed)} a second.`
}

export function table<Row> (columns: Array<Column<Row>>, figures: Row[]) {
  const rows = [
    columns.map(({ heading }) => heading),
    columns.map((_column, index) => index === 0 ? '---' : '---:'),
    ...figures.map((one) => columns.map(({ cell }) => cell(one)))
  ]
  return rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function kept ({ overtaken, twice }: Order) {
  const order = overtaken === 0 ? 'yes' : `no: ${whole(overtaken)} too late`
  return twice === 0 ? order : `${order}, ${whole(twice)} twice`
}

export function ratio (value: number) {
  return value.toFixed(2)
}

function heldRatio ({ free, held }: HeldFigures, figure: keyof Course & `${string}PerSecond`) {
  return ratio(held[figure] / free[figure])
}

export function kilobytes (bytes: number) {
  return (bytes / 1_000).toFixed(1)
}

export function spread ({ q1, q3 }: Quartiles) {
  return `[${ratio(q1)}–${ratio(q3)}]`
}

export function whole (value: number) {
  return Math.round(value).toLocaleString('en')
}

function milliseconds (microseconds: number) {
  return (microseconds / 1_000).toFixed(1)
}

function mebibytes (bytes: number) {
  return (bytes / 2 ** 20).toFixed(0)
}
