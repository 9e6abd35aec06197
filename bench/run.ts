import { writeFileSync } from 'node:fs'
import { chart } from './chart.ts'
import { startContestant } from './contestant.ts'
import { runRounds } from './cycles.ts'
import { environment } from './environment.ts'
import { figuresOf, type Figures } from './figures.ts'
import { prepareGrowth } from './growth/measure.ts'
import { CONNECTIONS } from './load.ts'
import { readOptions, type Options, type ServersPlan } from './options.ts'
import { pinClient } from './pinning.ts'
import { assertEqualSize } from './requests.ts'
import { backlogLine, growthTable, serverTable } from './table.ts'
import { bare } from './variants.ts'

try {
  await run(readOptions())
} catch (error) {
  console.error('The benchmark stopped:', error)
  // Not by itself: connections are open.
  process.exit(1)
}

async function run ({ servers, growth, save }: Options) {
  const bodyBytes = assertEqualSize()
  const env = environment()
  if (env.disk.inMemory) console.log('The folder for temporary files is in memory: SQLite is quicker there than on any disk.\n')
  const measureGrowth = growth && await prepareGrowth(growth)
  const pinned = pinClient()
  if (!pinned) console.log('Not pinned to cores (no `taskset`, or one core only): expect more spread.\n')

  const figures = servers && await measureServers(servers)
  if (figures) console.log(serverTable(figures))
  const grown = await measureGrowth?.()
  if (grown) console.log(`\n${growthTable(grown.figures)}\n\n${backlogLine(grown.backlog)}`)

  const settings = { servers: { ...servers, variants: undefined }, growth, connections: CONNECTIONS, pinned, bodyBytes }
  if (save && figures) saveAll({ ...env, settings, figures, growth: grown }, figures)
}

async function measureServers ({ variants, ...extent }: ServersPlan) {
  const slices = await runRounds(variants, extent, (variant) => startContestant(variant))
  const bareSlices = slices.get(bare) ?? []
  return [...slices].map(([variant, own]) => figuresOf(variant, own, bareSlices))
}

function saveAll (results: object, figures: Figures[]) {
  writeFileSync(new URL('results.json', import.meta.url), JSON.stringify(results, rounded, 2) + '\n')
  writeFileSync(new URL('chart.svg', import.meta.url), chart(figures) + '\n')
}

/** For `JSON.stringify`: more digits than these are noise. */
function rounded (_key: string, value: unknown) {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value
}
