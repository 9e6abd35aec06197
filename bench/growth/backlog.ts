import { startChild } from '../child.ts'
import { showProgress } from '../progress.ts'
import type { BacklogReport } from '../servers/backlog.ts'
import { quartiles, type Quartiles } from '../statistics.ts'
import type { Store } from './stores.ts'

const REPEATS = 5

/** What a start takes. */
export interface Start {
  /** From the registration of the plugin until the app could listen, in milliseconds. */
  ready: Quartiles
  /** The most in memory in the first three seconds, in bytes. */
  memory: Quartiles
}

export interface Backlog {
  pending: number
  start: Start
  /** The same with a file that has no events. */
  emptyStart: Start
  /** While they are delivered as fast as they can be. */
  delivering: { memory: number, speed: number }
}

/** With the file and with an empty one in turn. */
export async function measureBacklog (store: Store, pending: number): Promise<Backlog> {
  const reports: BacklogReport[] = []
  const emptyReports: BacklogReport[] = []
  for (let repeat = 1; repeat <= REPEATS; repeat++) {
    showProgress(`${pending} pending events, start ${repeat} of ${REPEATS}`)
    emptyReports.push(await start([]))
    reports.push(await start([store]))
  }
  const { memory, speed } = await start([store], { deliver: true })
  showProgress('')
  return { pending, start: startOf(reports), emptyStart: startOf(emptyReports), delivering: { memory, speed } }
}

async function start (file: Store[], { deliver = false } = {}) {
  const { answer, tell, stop } = startChild('servers/backlog.ts', file)
  // backlog.ts sends nothing else.
  let report = await answer() as BacklogReport
  if (deliver) {
    tell({ kind: 'deliver' })
    report = await answer() as BacklogReport
  }
  await stop()
  return report
}

function startOf (reports: BacklogReport[]): Start {
  return { ready: quartiles(reports.map(({ ready }) => ready)), memory: quartiles(reports.map(({ memory }) => memory)) }
}
