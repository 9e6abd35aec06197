import { parseArgs } from 'node:util'
import type { Extent } from './cycles.ts'
import type { GrowthPlan } from './growth/measure.ts'
import { bare, variants, type Variant } from './variants.ts'

const help = `Usage: node bench/run.ts [options]

Two tables: the servers side by side, and what one with SQLite costs as its file grows.

  --rounds N            how often all servers are started anew (4)
  --cycles N            how often every server gets its turn in a round (60)
  --slice N             requests in one turn (2000)
  --warm-up N           requests to every server before the first cycle of a round (20000)
  --only a,b            only these servers, and ${bare.name}; implies --no-growth
  --no-servers          leave the first table out

  --growth-rounds N     the same for the second table (8)
  --growth-cycles N     (16)
  --growth-slice N      (1000)
  --growth-warm-up N    (8000)
  --stored a,b,c        events in the files (1000,100000,1000000)
  --pending N           pending events in one more file (1000000)
  --no-growth           leave the second table out

  --no-save             leave results.json and chart.svg as they are; so does a run that leaves something out
  --help                this text

With these defaults a run takes about 8 minutes. The folder for temporary files (TMPDIR) needs 10 GB, and should be on a disk.

Servers: ${variants.map(({ name }) => name).join(', ')}
`

export interface ServersPlan extends Extent {
  variants: Variant[]
}

export interface Options {
  servers: ServersPlan | undefined
  growth: GrowthPlan | undefined
  save: boolean
}

const text = (value: string) => ({ type: 'string', default: value }) as const
const flag = (value: boolean) => ({ type: 'boolean', default: value }) as const

/** @throws if an option is unknown or has a bad value. */
export function readOptions (): Options {
  const { values } = parseArgs({
    allowNegative: true,
    options: {
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
      save: flag(true),
      help: flag(false)
    }
  })
  if (values.help) exitWithHelp()
  const { only } = values
  const servers = { ...extent(values, ''), variants: only === undefined ? variants : named(only.split(',')) }
  const growth = { ...extent(values, 'growth-'), stored: sizes(values.stored), pending: count('pending', values.pending) }
  const withGrowth = values.growth && only === undefined
  return {
    servers: values.servers ? servers : undefined,
    growth: withGrowth ? growth : undefined,
    // A part of the results must not take the place of all.
    save: values.save && values.servers && withGrowth
  }
}

function exitWithHelp () {
  process.stdout.write(help)
  process.exit()
}

function extent (values: Record<string, unknown>, prefix: string): Extent {
  const value = (name: string) => count(prefix + name, String(values[prefix + name]))
  return { rounds: value('rounds'), cycles: value('cycles'), slice: value('slice'), warmUp: value('warm-up') }
}

function sizes (list: string) {
  return list.split(',').map((value) => count('stored', value)).sort((a, b) => a - b)
}

function count (option: string, value: string) {
  const number = Number(value)
  if (!Number.isInteger(number) || number < 1) throw new Error(`--${option} must be a whole number above 0, got '${value}'`)
  return number
}

function named (names: string[]) {
  const unknown = names.find((name) => !variants.some((variant) => variant.name === name))
  if (unknown !== undefined) throw new Error(`--only must name servers of: ${variants.map(({ name }) => name).join(', ')}, got '${unknown}'`)
  return variants.filter((variant) => variant === bare || names.includes(variant.name))
}
