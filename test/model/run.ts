import { asked } from '../helpers/asked.ts'
import { CommandScope } from '../helpers/command-scope.ts'
import { PostgresServer } from '../helpers/postgres.ts'
import { help } from './help.ts'
import { inParallel } from './jobs.ts'
import { readOptions } from './options.ts'
import type { Options } from './options.ts'
import { INVARIANTS, simulate, WITNESSES } from './quint.ts'
import { columns, seconds } from './table.ts'
import { check } from './traces/check.ts'
import { record } from './traces/record.ts'
import { variants } from './variants.ts'

const options = asked(help, readOptions)
if (options === undefined) process.exit()
const failures: string[] = []
const args = process.argv.slice(2)
const given = args.filter((arg, i) => !arg.startsWith('--seed') && args[i - 1] !== '--seed')
console.log(`Seed ${options.seed}. To run it again: npm run model --${given.map((arg) => ` ${arg}`).join('')} --seed ${options.seed}\n`)
if (options.samples > 0) await runModel(options)
if (options.variantSamples > 0) await runVariants(options)
if (options.traces > 0) await runTraces(options)
for (const failure of failures) console.error(failure)
console.log(failures.length === 0 ? 'All is as it has to be.' : `${failures.length} failures`)
// Not by itself: crashed processes of the traces still wait for their connections.
process.exit(failures.length === 0 ? 0 : 1)

async function runModel ({ seed, samples, steps }: Options): Promise<void> {
  const run = await simulate('', { seed, samples, steps })
  if (run.status !== 'ok') failures.push(`The model breaks ${run.violated.join(', ')} in sample ${run.samples}, after ${run.states} states.`)
  console.log(`${run.samples} samples of the model, ${run.states} states, ${seconds(run.seconds)}: ${run.status === 'ok' ? `all ${INVARIANTS.length} invariants hold.` : 'violated'}`)
  for (const name of WITNESSES) {
    const count = run.witnesses.get(name) ?? 0
    if (count === 0) failures.push(`No sample has come upon '${name}': take more samples.`)
  }
  console.log(`Samples that came upon: ${WITNESSES.map((name) => `${name} ${run.witnesses.get(name) ?? 0}`).join(', ')}\n`)
}

async function runVariants ({ seed, variantSamples: samples, steps, jobs }: Options): Promise<void> {
  const line = columns([Math.max(...variants.map(({ length }) => length)), 24, 6, 6, 7])
  console.log(line('broken variant', 'found by', 'sample', 'states', 'time'))
  const violated = new Set<string>()
  await inParallel(variants, jobs, async (rule) => await simulate(rule, { seed, samples, steps }), (run, rule) => {
    for (const name of run.violated) violated.add(name)
    if (run.status === 'ok') failures.push(`Not found in ${run.samples} samples: ${rule}`)
    console.log(line(rule, run.status === 'ok' ? 'NOT FOUND' : run.violated.join(', '), String(run.samples), String(run.states), seconds(run.seconds)))
  })
  for (const name of INVARIANTS) {
    if (!violated.has(name)) failures.push(`No broken variant violates '${name}': nothing shows that it can fail.`)
  }
  console.log()
}

async function runTraces ({ seed, traces: count, jobs }: Options): Promise<void> {
  const scope = new CommandScope()
  const { url } = await PostgresServer.create(scope)
  const begun = performance.now()
  const traces = await record(url, seed, count)
  const recorded = performance.now()
  await scope.end()
  const lines = traces.reduce((sum, { lines }) => sum + lines.length, 0)
  console.log(`${count} traces of the real inbox with ${lines} lines, recorded in ${seconds((recorded - begun) / 1_000)}`)
  const { accepted, refused, changedRefused, changedAccepted, changes } = await check(traces, seed, jobs)
  console.log(`checked in ${seconds((performance.now() - recorded) / 1_000)}. Accepted: ${accepted}, refused: ${refused.size}. With a line changed: accepted ${changedAccepted.length}, refused ${changedRefused}\n`)
  for (const [name, line] of refused) failures.push(`${name} is refused at ${line}. To record it again: npm run model -- --samples 0 --variant-samples 0 --traces 1 --seed ${name.replace('trace', '')}`)
  for (const name of changedAccepted) failures.push(`${name} is accepted, although a line is changed`)
  if (accepted + refused.size < count || changedAccepted.length + changedRefused < changes) failures.push('Quint has not said anything about some of the traces')
}
