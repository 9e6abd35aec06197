import { setTimeout } from 'node:timers/promises'
import { randomFrom } from '../../../lib/cli/send/chaos/random.ts'
import { HostGroup } from '../../faults/helpers/host-group.ts'
import type { Findings, Held, Member } from '../../faults/helpers/host-group.ts'
import { monotonic } from '../../faults/helpers/monotonic.ts'
import { endAll } from '../end-all.ts'
import type { Found, Run } from '../run-context.ts'
import { csvOf } from '../results.ts'
import { openStore } from '../stores.ts'
import type { DurableName } from '../stores.ts'
import { rowsOf } from './rows.ts'
import type { Kill } from './rows.ts'
import { COLUMNS, summaryOf } from './summary.ts'

/** So many that most go on while those of a process that was killed wait for its leases to expire. */
const CONVERSATIONS = 120
/** How many processes have the inbox at a time. */
const PROCESSES: Readonly<Record<DurableName, number>> = { sqlite: 1, postgres: 3 }
/** The part of all kills that may come while the process still starts: the first thing that it does is to write. */
const EARLY = 0.2
/** How long a listener takes at most, in milliseconds: so that some are called at every moment. */
const PAUSE = 50
/** Milliseconds after its start until a process is killed at the latest: early, and otherwise. */
const LATEST = { early: 350, later: 800 }

interface Running {
  readonly host: Held['host']
  readonly up: Promise<Member | undefined>
}

function begin ({ host, start }: Held): Running {
  return { host, up: start().catch(() => undefined) } // killed while it started, or the end of the run says what it said
}

/** Processes are killed under load, again and again, each at a random moment, and replaced. */
export async function killAgain ({ scope, inbox, options: { kills, rate, seed, lease, replace }, signal, say }: Run<DurableName>): Promise<Found> {
  const { settings, database } = await openStore(scope, inbox, { lease })
  const group = new HostGroup(scope, { ...settings, replace }, { rate, pause: PAUSE })
  const random = randomFrom(seed)
  const running = Array.from({ length: PROCESSES[inbox] }, () => begin(group.held()))
  await Promise.all(running.map(async ({ up }) => await up))
  const sending = group.sendAll(CONVERSATIONS, seed)
  const startedAt = monotonic()
  const done: Kill[] = []
  const ended: string[] = []
  let expired = 0
  for (let next = group.held(); done.length < kills && !signal.aborted; next = group.held()) {
    const index = Math.floor(random() * running.length)
    const victim = running[index] ?? begin(next)
    await moment(victim, random)
    if (victim.host.process.exitCode !== null) ended.push(`a process has ended by itself: ${victim.host.logged}`)
    done.push({ pid: victim.host.process.pid, at: monotonic(), accepted: group.accepted })
    await group.kill(victim)
    expired += expiredIn(victim)
    running[index] = begin(next)
    say(`${inbox}: ${done.length} of ${kills} kills, ${group.accepted} events answered 200`)
  }
  const findings = await finish(group, running, sending)
  expired += running.map(expiredIn).reduce((sum, count) => sum + count, 0)
  ended.push(...await endAll(group))
  const rows = rowsOf(group.noted(), done, startedAt)
  return {
    database,
    problems: [...Object.values(findings), ended].flat(),
    csv: csvOf(COLUMNS, rows),
    summary: summaryOf(rows, { accepted: group.accepted, seconds: (monotonic() - startedAt) / 1_000, expired: inbox === 'postgres' ? expired : undefined, findings })
  }
}

/** How often a process that was alive has lost what it had, because it was stopped for longer than its lease. */
function expiredIn ({ host }: Running): number {
  return host.logged.match(/taken over by another process/g)?.length ?? 0
}

async function moment ({ up }: Running, random: () => number): Promise<void> {
  if (random() < EARLY) {
    await setTimeout(random() * LATEST.early)
  } else {
    await up
    await setTimeout(random() * LATEST.later)
  }
}

/** All that was posted is delivered, and looked at. */
async function finish (group: HostGroup, running: readonly Running[], sending: Promise<Map<string, number>>): Promise<Findings> {
  for (const { host, up } of running) {
    if (await up === undefined) throw new Error(`a process did not start: ${host.logged}`)
  }
  group.going = false
  return await group.findings(await sending)
}
