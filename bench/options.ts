import { parseArgs } from 'node:util'
import { bare, variants, type Variant } from './variants.ts'

const help = `Usage: node bench/run.ts [options]

  --rounds N    how often all servers are started anew (4)
  --cycles N    how often every server gets its turn in a round (60)
  --slice N     requests in one turn (2000)
  --warm-up N   requests to every server before the first cycle of a round (20000)
  --only a,b    only these servers, and ${bare.name}; implies --no-save
  --no-save     leave results.json and chart.svg as they are
  --help        this text

Servers: ${variants.map(({ name }) => name).join(', ')}
`

export interface Options {
  rounds: number
  cycles: number
  slice: number
  warmUp: number
  variants: Variant[]
  save: boolean
}

/** @throws if an option is unknown or has a bad value. */
export function readOptions (): Options {
  const { values } = parseArgs({
    allowNegative: true,
    options: {
      rounds: { type: 'string', default: '4' },
      cycles: { type: 'string', default: '60' },
      slice: { type: 'string', default: '2000' },
      'warm-up': { type: 'string', default: '20000' },
      only: { type: 'string' },
      save: { type: 'boolean', default: true },
      help: { type: 'boolean', default: false }
    }
  })
  if (values.help) exitWithHelp()
  return {
    rounds: count('rounds', values.rounds),
    cycles: count('cycles', values.cycles),
    slice: count('slice', values.slice),
    warmUp: count('warm-up', values['warm-up']),
    variants: values.only === undefined ? variants : named(values.only.split(',')),
    // Results of some servers only must not take the place of all.
    save: values.save && values.only === undefined
  }
}

function exitWithHelp () {
  process.stdout.write(help)
  process.exit()
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
