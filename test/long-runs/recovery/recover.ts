import { setTimeout } from 'node:timers/promises'
import { randomFrom } from '../../../lib/cli/send/chaos/random.ts'
import { HostGroup } from '../../faults/helpers/host-group.ts'
import { monotonic } from '../../faults/helpers/monotonic.ts'
import { endAll } from '../end-all.ts'
import { csvOf } from '../results.ts'
import type { Found, Run } from '../run-context.ts'
import { openStore, PROCESSES } from '../stores.ts'
import type { DurableName } from '../stores.ts'
import { Traffic } from '../traffic.ts'
import { Observation } from './observation.ts'
import { COLUMNS, summaryOf } from './summary.ts'

/** Milliseconds of load before a process is killed: at least, and by how much it may be more. */
const BEFORE = { least: 5_000, more: 1_000 }
/** Milliseconds after which a recovery is no longer watched, and that the end of the run waits without progress. */
const PATIENCE = 120_000
const LOOK = 10

/** A process is killed under a steady load, so many times, and a new one is started at once, as a supervisor does. */
export async function recover ({ scope, inbox, options: { rate, seed, times }, signal, say }: Run<DurableName>): Promise<Found> {
  const store = await openStore(scope, inbox)
  const group = new HostGroup(scope, { ...store.settings, options: { retry: {}, concurrency: 64 } })
  for (let i = 0; i < PROCESSES[inbox]; i++) await group.start()
  const random = randomFrom(seed)
  const traffic = new Traffic(group, rate)
  const done: Observation[] = []
  traffic.start()
  while (done.length < times && !signal.aborted) {
    await watch(traffic, BEFORE.least + random() * BEFORE.more, () => signal.aborted)
    const [victim] = group.members
    if (victim === undefined) break
    traffic.read()
    const observation = new Observation(traffic, rate, monotonic())
    await group.kill(victim)
    const start = group.start()
    await watch(traffic, PATIENCE, () => observation.isOver)
    await start
    done.push(observation)
    say(`${inbox}: ${done.length} of ${times} kills, ${traffic.delivered} events delivered`)
  }
  await traffic.end(PATIENCE)
  const problems = [...traffic.problems, ...await endAll(group)]
  return { database: store.database, problems, csv: csvOf(COLUMNS, done), summary: summaryOf(done, traffic) }
}

/** Looks at what is delivered, for so many milliseconds or until there is nothing more to see. */
async function watch (traffic: Traffic, milliseconds: number, isOver: () => boolean): Promise<void> {
  for (const until = monotonic() + milliseconds; monotonic() < until && !isOver();) {
    await setTimeout(LOOK)
    traffic.read()
  }
}
