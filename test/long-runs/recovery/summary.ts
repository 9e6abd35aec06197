import { ofAll, quartilesOf } from '../figures.ts'
import type { Columns } from '../results.ts'
import type { Traffic } from '../traffic.ts'
import type { Observation } from './observation.ts'

export const COLUMNS: Columns<Observation> = {
  under_way: ({ underWay }) => underWay,
  first_answer_ms: ({ answered }) => milliseconds(answered),
  first_delivery_ms: ({ delivered }) => milliseconds(delivered),
  rate_back_ms: ({ rate }) => milliseconds(rate),
  interrupted_delivered_ms: ({ interrupted }) => milliseconds(interrupted),
  caught_up_ms: ({ caughtUp }) => milliseconds(caughtUp)
}

function milliseconds (value: number | undefined): string {
  return value?.toFixed(0) ?? ''
}

export function summaryOf (rows: readonly Observation[], { posted, delivered, deliveredAgain, problems }: Traffic): Array<[string, string]> {
  const spread = (value: (row: Observation) => number | undefined) => quartilesOf(rows.map(value))
  return [
    ['kills', ofAll(rows.length)],
    ['events posted and delivered', `${ofAll(posted)} and ${ofAll(delivered)}, ${ofAll(deliveredAgain)} of them again`],
    ['from a kill to the first answer 200 to what was posted after it, ms', spread(({ answered }) => answered)],
    ['to the first event that is through its listener', spread(({ delivered }) => delivered)],
    ['to the first second in which 95 % of the rate was delivered', spread(({ rate }) => rate)],
    ['until all that was answered 200 before the kill was delivered', spread(({ interrupted }) => interrupted)],
    ['until no more than a second of events was waiting', spread(({ caughtUp }) => caughtUp)],
    ['lost or out of order', ofAll(problems.length)]
  ]
}
