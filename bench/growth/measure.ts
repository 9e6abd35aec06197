import { startContestant } from '../contestant.ts'
import { runRounds, type Extent } from '../cycles.ts'
import { measureBacklog, type Backlog } from './backlog.ts'
import { growthFigures, type GrowthFigures } from './figures.ts'
import { filesOf, openStores, type Store } from './stores.ts'
import { growthVariants } from './variants.ts'

export interface GrowthPlan extends Extent {
  /** Delivered events in the files, the smallest first. */
  stored: number[]
  /** Pending events in one more file. */
  pending: number
}

export interface Growth {
  figures: GrowthFigures[]
  backlog: Backlog
}

/** Stores the events: before this process is pinned to a core, because it takes two. Returns what measures. */
export async function prepareGrowth ({ stored, pending, ...extent }: GrowthPlan) {
  const stores = openStores()
  const bySize = new Map<number, Store>()
  for (const size of stored) bySize.set(size, await stores.make(size, 0))
  const backlog = await stores.make(0, pending)

  return async (): Promise<Growth> => {
    const fileOf = filesOf(stores, bySize, extent.warmUp + extent.cycles * extent.slice)
    const start = async (variant: ReturnType<typeof growthVariants>[number]) => startContestant(variant, await fileOf(variant))
    const slices = await runRounds(growthVariants(stored), extent, start)
    return { figures: growthFigures(slices), backlog: await measureBacklog(backlog, pending) }
  }
}
