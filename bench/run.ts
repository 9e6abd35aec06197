import { writeFileSync } from 'node:fs'
import { chart } from './chart.ts'
import { measureCollecting } from './collecting/measure.ts'
import { collectingTable } from './collecting/table.ts'
import { measureCompletions } from './completions/measure.ts'
import { completionsTable } from './completions/table.ts'
import { startContestant } from './contestant.ts'
import { runRounds } from './cycles.ts'
import { environment } from './environment.ts'
import { figuresOf, type Figures } from './figures.ts'
import { prepareGrowth } from './growth/measure.ts'
import { heldChart } from './held/chart.ts'
import type { HeldFigures } from './held/figures.ts'
import { measureHeld, type HeldPlan } from './held/measure.ts'
import { measureInspector } from './inspector/measure.ts'
import { inspectorTable, lookupsLine } from './inspector/table.ts'
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
import { backlogLine, growthTable, heldSteps, heldTable, postgresLine, processesLines, queueTable, recordsTable, refusalsTable, serverTable, walTable } from './table.ts'
import { bare, type Variant } from './variants.ts'
import { measureWal } from './wal/measure.ts'

try {
  await run(readOptions())
} catch (error) {
  console.error('The benchmark stopped:', error)
  // Not by itself: connections are open.
  process.exit(1)
}

async function run ({ servers, growth, records, refusals, inspector, save, ...onPostgres }: Options) {
  const bodyBytes = assertEqualSize()
  const env = environment()
  if (env.disk.inMemory) console.log('The folder for temporary files is in memory: databases are quicker there than on any disk.\n')
  const postgres = needsPostgres(servers, onPostgres) ? await openPostgres() : undefined
  if (postgres) console.log(`${postgresLine(postgres.description)}\n`)
  // On all cores, as processes are that share a database.
  const shared = postgres && await measureShared(postgres, onPostgres)
  const inspected = inspector && await measureInspector(inspector)
  if (inspected) console.log(`${inspectorTable(inspected.figures)}\n\n${lookupsLine(inspected)}\n`)
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

  const { processes, queues, wal, completions, collecting } = onPostgres
  const plans = { servers: { ...servers, variants: undefined }, growth, records, refusals, inspector, processes, queues: { ...queues, queues: undefined }, wal, completions, collecting }
  const settings = { ...plans, connections: CONNECTIONS, pinned, bodyBytes }
  if (save && figures) saveAll({ ...env, postgres: postgres?.description, settings, figures, growth: grown, records: kept, refusals: refused, inspector: inspected, ...shared }, figures)
}

type OnPostgres = Pick<Options, 'processes' | 'queues' | 'held' | 'wal' | 'completions' | 'collecting'>

function needsPostgres (servers: Options['servers'], { processes, queues, held, wal, completions, collecting }: OnPostgres) {
  return [processes, queues, held, wal, completions, collecting].some((plan) => plan !== undefined) || servers?.variants.some(({ postgres }) => postgres) === true
}

async function measureShared (postgres: Postgres, { processes, queues, held, wal, completions, collecting }: OnPostgres) {
  const byProcesses = processes && await measureProcesses(postgres, processes)
  if (byProcesses) console.log(`${processesLines(byProcesses)}\n`)
  const byQueue = queues && await measureQueues(postgres, queues)
  if (byQueue) console.log(`${queueTable(byQueue)}\n`)
  const log = wal && await measureWal(postgres, wal)
  if (log) console.log(`${walTable(log)}\n`)
  const completed = completions && await measureCompletions(postgres, completions)
  if (completed) console.log(`${completionsTable(completed)}\n`)
  const collected = collecting && await measureCollecting(postgres, collecting)
  if (collected) console.log(`${collectingTable(collected)}\n`)
  if (held) await showHeld(postgres, held)
  return { processes: byProcesses, queues: byQueue, wal: log, completions: completed, collecting: collected }
}

async function showHeld (postgres: Postgres, plan: HeldPlan) {
  const figures = await measureHeld(postgres, plan)
  console.log(`${heldTable(figures)}\n`)
  if ('events' in plan) console.log(`${heldSteps(figures)}\n`)
  else if (plan.save) saveHeld({ ...environment(), postgres: postgres.description, settings: { seconds: plan.seconds }, figures }, figures)
}

async function measureServers ({ variants, ...extent }: ServersPlan, postgres?: Postgres) {
  const start = (variant: Variant) => variant.postgres && postgres ? startOnPostgres(variant, postgres) : startContestant(variant)
  const slices = await runRounds(variants, extent, start)
  const bareSlices = slices.get(bare) ?? []
  return [...slices].map(([variant, own]) => figuresOf(variant, own, bareSlices))
}

function saveAll (results: object, figures: Figures[]) {
  write('results.json', JSON.stringify(results, rounded, 2))
  write('../docs/chart.svg', chart(figures))
}

function saveHeld (results: object, figures: HeldFigures[]) {
  write('held.json', JSON.stringify(results, rounded, 2))
  write('../docs/held.svg', heldChart(figures))
}

function write (name: string, content: string) {
  writeFileSync(new URL(name, import.meta.url), content + '\n')
}

/** For `JSON.stringify`: more digits than these are noise. */
function rounded (_key: string, value: unknown) {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value
}
