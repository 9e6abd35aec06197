import type { LaneRow, Snapshot } from './tables.ts'

/** What a claim has done to a lane, in the order in which the server does it. */
export interface Found {
  readonly lane: string
  readonly step: 'findTrusted' | 'claimSuspect' | 'findLapsed' | 'claim' | 'findEmpty' | 'findSuspect'
}

const ORDER = { trusted: 0, suspectBefore: 1, lapsed: 2, usual: 3, empty: 4, distrusted: 5, trustedNow: 6, suspectNow: 7 }

/** Reads off the tables what a claim of a process has come upon. `isNew` says whether it has claimed a lane. */
export function foundBy (before: Snapshot, after: Snapshot, holder: string | undefined, isNew: (row: LaneRow) => boolean): Found[] {
  const lanes = [...new Set([...before.lanes.keys(), ...after.lanes.keys()])]
  return lanes
    .flatMap((lane) => stepsOf(before.lanes.get(lane), after.lanes.get(lane), holder, isNew).map(([step, order]) => ({ lane, step, order })))
    .sort((a, b) => a.order - b.order)
}

function stepsOf (was: LaneRow | undefined, is: LaneRow | undefined, holder: string | undefined, isNew: (row: LaneRow) => boolean): Array<[Found['step'], number]> {
  if (was === undefined) return []
  const isClaimed = is !== undefined && isNew(is)
  const isSuspect = is?.suspect === true
  const hasLapsed = !was.suspect && was.claim !== null && was.holder !== holder && (is === undefined || is.claim !== was.claim || is.holder !== was.holder)
  const usual: Array<[Found['step'], number]> = isClaimed && !isSuspect ? [['claim', ORDER.usual]] : []
  if (was.suspect) {
    if (isSuspect) return isClaimed ? [['claimSuspect', ORDER.suspectBefore]] : []
    return [['findTrusted', ORDER.trusted], ...usual]
  }
  if (hasLapsed) {
    const then: Array<[Found['step'], number]> = !isSuspect ? [['findTrusted', ORDER.trustedNow]] : isClaimed ? [['claimSuspect', ORDER.suspectNow]] : []
    return [['findLapsed', ORDER.lapsed], ...then]
  }
  if (is === undefined) return [['findEmpty', ORDER.empty]]
  if (isSuspect) return [['findSuspect', ORDER.distrusted], ...isClaimed ? [['claimSuspect', ORDER.suspectNow] satisfies [Found['step'], number]] : []]
  return usual
}
