import { parseArgs } from 'node:util'
import type { CollectingPlan } from './collecting/measure.ts'
import type { CompletionsPlan } from './completions/measure.ts'
import type { Extent } from './cycles.ts'
import type { GrowthPlan } from './growth/measure.ts'
import { heldContestants, type HeldPlan } from './held/measure.ts'
import { help } from './help.ts'
import type { InspectorPlan } from './inspector/measure.ts'
import type { ProcessesPlan } from './processes/measure.ts'
import { ours, queueContestants } from './queues/contestants.ts'
import type { QueuesPlan } from './queues/measure.ts'
import type { RecordsPlan } from './records/measure.ts'
import type { RefusalsPlan } from './refusals/measure.ts'
import { bare, variants, type Variant } from './variants.ts'
import type { WalPlan } from './wal/measure.ts'

export interface ServersPlan extends Extent {
  variants: Variant[]
}

export interface Options {
  servers: ServersPlan | undefined
  growth: GrowthPlan | undefined
  processes: ProcessesPlan | undefined
  queues: QueuesPlan | undefined
  held: HeldPlan | undefined
  wal: WalPlan | undefined
  completions: CompletionsPlan | undefined
  collecting: CollectingPlan | undefined
  records: RecordsPlan | undefined
  refusals: RefusalsPlan | undefined
  inspector: InspectorPlan | undefined
  save: boolean
}

/** In a shorter time there is less to see. */
const TEN_MINUTES = 600

type Values = Record<string, unknown>

const text = (value: string) => ({ type: 'string', default: value }) as const
const flag = (value: boolean) => ({ type: 'boolean', default: value }) as const

const known = {
  rounds: text('4'),
  cycles: text('60'),
  slice: text('2000'),
  'warm-up': text('20000'),
  only: { type: 'string' },
  servers: flag(true),
  'growth-rounds': text('8'),
  'growth-cycles': text('16'),
  'growth-slice': text('1000'),
  'growth-warm-up': text('8000'),
  stored: text('1000,100000,1000000'),
  pending: text('1000000'),
  growth: flag(true),
  'process-rounds': text('3'),
  'process-events': text('40000'),
  processes: flag(true),
  'queue-rounds': text('3'),
  'queue-events': text('20000'),
  'stream-events': text('5000'),
  'retry-events': text('2000'),
  'only-queues': { type: 'string' },
  queues: flag(true),
  'held-seconds': text('30'),
  'held-events': { type: 'string' },
  held: flag(true),
  'wal-rounds': text('3'),
  'wal-events': text('20000'),
  'wal-stored': text('1200000'),
  wal: flag(true),
  'completion-cycles': text('20'),
  'completion-events': text('500'),
  completions: flag(true),
  'collecting-cycles': text('8'),
  'collecting-events': text('1000'),
  collecting: flag(true),
  'record-cycles': text('20'),
  'record-events': text('2000'),
  records: flag(true),
  'refusal-cycles': text('20'),
  'refusal-requests': text('10'),
  refusals: flag(true),
  'inspector-rounds': text('6'),
  'inspector-events': text('1000000'),
  inspector: flag(true),
  save: flag(true),
  help: flag(false)
} as const

/** @throws if an option is unknown or has a bad value. */
export function readOptions (): Options {
  const { values } = parseArgs({ allowNegative: true, options: known })
  if (values.help) exitWithHelp()
  const { only } = values
  const isAll = only === undefined
  const parts = {
    servers: values.servers ? { ...extent(values, ''), variants: named('only', variants, bare, only) } : undefined,
    growth: isAll && values.growth ? growthPlan(values) : undefined,
    processes: isAll && values.processes ? processesPlan(values) : undefined,
    queues: isAll && values.queues ? queuesPlan(values) : undefined,
    held: isAll && values.held ? heldPlan(values) : undefined,
    wal: isAll && values.wal ? walPlan(values) : undefined,
    completions: isAll && values.completions ? { cycles: numberOf(values, 'completion-cycles'), events: numberOf(values, 'completion-events') } : undefined,
    collecting: isAll && values.collecting ? { cycles: numberOf(values, 'collecting-cycles'), events: numberOf(values, 'collecting-events') } : undefined,
    records: isAll && values.records ? { cycles: numberOf(values, 'record-cycles'), events: numberOf(values, 'record-events') } : undefined,
    refusals: isAll && values.refusals ? { cycles: numberOf(values, 'refusal-cycles'), requests: numberOf(values, 'refusal-requests') } : undefined,
    inspector: isAll && values.inspector ? { rounds: numberOf(values, 'inspector-rounds'), events: numberOf(values, 'inspector-events') } : undefined
  }
  // A part of the results must not take the place of all. What is measured with a transaction left open has files of its own.
  const { held: _, ...kept } = parts
  const isWhole = isAll && values['only-queues'] === undefined && Object.values(kept).every((part) => part !== undefined)
  return { ...parts, save: values.save && isWhole }
}

function exitWithHelp () {
  process.stdout.write(help)
  process.exit()
}

function extent (values: Values, prefix: string): Extent {
  const value = (name: string) => numberOf(values, prefix + name)
  return { rounds: value('rounds'), cycles: value('cycles'), slice: value('slice'), warmUp: value('warm-up') }
}

function growthPlan (values: Values): GrowthPlan {
  const stored = String(values.stored).split(',').map((value) => count('stored', value)).sort((a, b) => a - b)
  return { ...extent(values, 'growth-'), stored, pending: numberOf(values, 'pending') }
}

function processesPlan (values: Values): ProcessesPlan {
  return { rounds: numberOf(values, 'process-rounds'), events: numberOf(values, 'process-events') }
}

function queuesPlan (values: Values): QueuesPlan {
  return {
    queues: queuesOf(values),
    rounds: numberOf(values, 'queue-rounds'),
    events: numberOf(values, 'queue-events'),
    streamEvents: numberOf(values, 'stream-events'),
    retryEvents: numberOf(values, 'retry-events')
  }
}

function queuesOf (values: Values) {
  return named('only-queues', queueContestants, ours, values['only-queues'])
}

function heldPlan (values: Values): HeldPlan {
  if (values['held-events'] !== undefined) return { events: numberOf(values, 'held-events') }
  const seconds = numberOf(values, 'held-seconds')
  const queues = queuesOf(values).filter(({ name }) => heldContestants.includes(name))
  return { seconds, queues, save: Boolean(values.save) && seconds >= TEN_MINUTES && queues.length === heldContestants.length }
}

function walPlan (values: Values): WalPlan {
  return { rounds: numberOf(values, 'wal-rounds'), events: numberOf(values, 'wal-events'), stored: numberOf(values, 'wal-stored') }
}

function numberOf (values: Values, option: string) {
  return count(option, String(values[option]))
}

function count (option: string, value: string) {
  const number = Number(value)
  if (!Number.isInteger(number) || number < 1) throw new Error(`--${option} must be a whole number above 0, got '${value}'`)
  return number
}

/** Those that a list has, and the one that all are compared with; without a list, all. */
function named<T extends { name: string }> (option: string, all: T[], base: T, list: unknown) {
  if (list === undefined) return all
  const names = String(list).split(',')
  const unknown = names.find((name) => !all.some((one) => one.name === name))
  if (unknown !== undefined) throw new Error(`--${option} must name some of: ${all.map(({ name }) => name).join(', ')}, got '${unknown}'`)
  return all.filter((one) => one === base || names.includes(one.name))
}
