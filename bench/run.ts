import { writeFileSync } from 'node:fs'
import { chart } from './chart.ts'
import { runRounds } from './cycles.ts'
import { environment } from './environment.ts'
import { figuresOf, type Figures } from './figures.ts'
import { CONNECTIONS } from './load.ts'
import { readOptions, type Options } from './options.ts'
import { pinClient } from './pinning.ts'
import { assertEqualSize } from './requests.ts'
import { table } from './table.ts'
import { bare } from './variants.ts'

try {
  const options = readOptions()
  const bodyBytes = assertEqualSize()
  const pinned = pinClient()
  if (!pinned) console.log('Not pinned to cores (no `taskset`, or one core only): expect more spread.\n')
  const figures = await measure(options)
  console.log(table(figures))
  const { rounds, cycles, slice, warmUp } = options
  const settings = { rounds, cycles, slice, warmUp, connections: CONNECTIONS, pinned, bodyBytes }
  const results = { ...environment(), settings, figures }
  if (options.save) save(results)
} catch (error) {
  console.error('The benchmark stopped:', error)
  // Not by itself: connections are open.
  process.exit(1)
}

async function measure (options: Options) {
  const slices = await runRounds(options)
  const bareSlices = slices.get(bare) ?? []
  return [...slices].map(([variant, own]) => figuresOf(variant, own, bareSlices))
}

function save (results: { figures: Figures[] }) {
  writeFileSync(new URL('results.json', import.meta.url), JSON.stringify(results, rounded, 2) + '\n')
  writeFileSync(new URL('chart.svg', import.meta.url), chart(results.figures) + '\n')
}

/** For `JSON.stringify`: more digits than these are noise. */
function rounded (_key: string, value: unknown) {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value
}
