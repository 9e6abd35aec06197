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
import { startOnPostgres } from './postgres/contestant.ts'
import { openPostgres, type Postgres } from './postgres/server.ts'
import { measureProcesses } from './processes/measure.ts'
import { measureQueues } from './queues/measure.ts'
import { measureRecords } from './records/measure.ts'
import { measureRefusals } from './refusals/measure.ts'
import { assertEqualSize } from './requests.ts'
import { backlogLine, growthTable, postgresLine, processesLines, queueTable, recordsTable, refusalsTable, serverTable } from './table.ts'
import { bare, type Variant } from './variants.ts'

try {
  await run(readOptions())
} catch (error) {
  console.error('The benchmark stopped:', error)
  // Not by itself: connections are open.
  process.exit(1)
}

async function run ({ servers, growth, processes, queues, records, refusals, save }: Options) {
  const bodyBytes = assertEqualSize()
  const env = environment()
  if (env.disk.inMemory) console.log('The folder for temporary files is in memory: databases are quicker there than on any disk.\n')
  const postgres = needsPostgres({ servers, processes, queues }) ? await openPostgres() : undefined
  if (postgres) console.log(`${postgresLine(postgres.description)}\n`)
  // On all cores, as processes are that share a database.
  const shared = postgres && await measureShared(postgres, { processes, queues })
  const measureGrowth = growth && await prepareGrowth(growth)
  const pinned = pinClient()
  if (!pinned) console.log('Not pinned to cores (no `taskset`, or one core only): expect more spread.\n')

  const kept = records && await measureRecords(records)
  if (kept) console.log(`${recordsTable(kept)}\n`)
  const refused = refusals && await measureRefusals(refusals)
  if (refused) console.log(`${refusalsTable(refused)}\n`)
  const figures = servers && await measureServers(servers, postgres)
  if (figures) console.log(serverTable(figures))
  await postgres?.stop()
  const grown = await measureGrowth?.()
  if (grown) console.log(`\n${growthTable(grown.figures)}\n\n${backlogLine(grown.backlog)}`)

  const plans = { servers: { ...servers, variants: undefined }, growth, records, refusals, processes, queues: { ...queues, queues: undefined } }
  const settings = { ...plans, connections: CONNECTIONS, pinned, bodyBytes }
  if (save && figures) saveAll({ ...env, postgres: postgres?.description, settings, figures, growth: grown, records: kept, refusals: refused, ...shared }, figures)
}

function needsPostgres ({ servers, processes, queues }: Pick<Options, 'servers' | 'processes' | 'queues'>) {
  return processes !== undefined || queues !== undefined || servers?.variants.some(({ postgres }) => postgres) === true
}

async function measureShared (postgres: Postgres, { processes, queues }: Pick<Options, 'processes' | 'queues'>) {
  const byProcesses = processes && await measureProcesses(postgres, processes)
  if (byProcesses) console.log(`${processesLines(byProcesses)}\n`)
  const byQueue = queues && await measureQueues(postgres, queues)
  if (byQueue) console.log(`${queueTable(byQueue)}\n`)
  return { processes: byProcesses, queues: byQueue }
}

async function measureServers ({ variants, ...extent }: ServersPlan, postgres?: Postgres) {
  const start = (variant: Variant) => variant.postgres && postgres ? startOnPostgres(variant, postgres) : startContestant(variant)
  const slices = await runRounds(variants, extent, start)
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
