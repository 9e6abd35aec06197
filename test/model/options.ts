import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { help } from './help.ts'

export interface Options {
  readonly seed: number
  readonly samples: number
  readonly variantSamples: number
  readonly steps: number
  readonly traces: number
  readonly jobs: number
}

/** @throws if an option is unknown or has a bad value. */
export function readOptions (): Options {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
      samples: { type: 'string', default: '2000' },
      'variant-samples': { type: 'string', default: '3000' },
      steps: { type: 'string', default: '180' },
      traces: { type: 'string', default: '200' },
      jobs: { type: 'string', default: String(availableParallelism()) },
      help: { type: 'boolean', default: false }
    }
  })
  if (values.help) {
    process.stdout.write(help)
    process.exit()
  }
  return {
    seed: numberOf('seed', values.seed),
    samples: numberOf('samples', values.samples),
    variantSamples: numberOf('variant-samples', values['variant-samples']),
    steps: numberOf('steps', values.steps),
    traces: numberOf('traces', values.traces),
    jobs: Math.max(1, numberOf('jobs', values.jobs))
  }
}

function numberOf (name: string, value: string): number {
  if (!/^\d+$/.test(value)) throw new Error(`--${name} must be a whole number, got '${value}'`)
  return Number(value)
}
