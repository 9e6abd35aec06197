import { startChild } from '../child.ts'
import { showProgress } from '../progress.ts'
import { shuffled } from '../shuffled.ts'
import { quartiles, ratios, type Quartiles } from '../statistics.ts'
import type { RecordsReport } from './server.ts'
import { base, recordsVariants } from './variants.ts'

export interface RecordsPlan {
  cycles: number
  /** In a turn. */
  events: number
}

export interface RecordsFigures {
  title: string
  /** Processor time of an event, by that of one that succeeds at once in the same cycle. */
  ratio: Quartiles
  microseconds: Quartiles
}

/** What it costs that deliveries are kept and told of: the same events, with SQLite, in turn. */
export async function measureRecords ({ cycles, events }: RecordsPlan): Promise<RecordsFigures[]> {
  const servers = recordsVariants.map((variant) => ({ ...variant, child: startChild('records/server.ts', [variant.name]), costs: [] as number[] }))
  for (const { child } of servers) await child.answer()
  for (let cycle = 0; cycle <= cycles; cycle++) {
    showProgress(`deliveries that are kept, cycle ${cycle} of ${cycles}`)
    for (const { child, costs } of shuffled(servers)) {
      child.tell({ events })
      // server.ts sends nothing else.
      const cost = await child.answer() as RecordsReport
      if (cycle > 0) costs.push(cost) // the first one warms up
    }
  }
  showProgress('')
  for (const { child } of servers) await child.stop()
  const baseline = servers.find(({ name }) => name === base)?.costs ?? []
  return servers.map(({ title, costs }) => ({ title, ratio: quartiles(ratios(costs, baseline)), microseconds: quartiles(costs) }))
}
