import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'

export interface Options {
  readonly seed: number
  readonly samples: number
  readonly variantSamples: number
  readonly steps: number
  readonly traces: number
  readonly jobs: number
}

/** Nothing if it is help that is wanted. @throws if an option is unknown or has a bad value. */
export function readOptions (args: string[]): Options | undefined {
  const { values } = parseArgs({
    args,
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
  if (values.help) return undefined
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
