import { MANY_CONVERSATIONS, type RequestKind } from '../requests.ts'
import type { Variant } from '../variants.ts'

/** One server, on a file with so many delivered events, with requests from so many conversations. */
export interface GrowthVariant extends Variant {
  stored: number
  conversations: number
}

const loads: Array<{ requests: RequestKind, conversations: number }> = [
  { requests: 'oneConversation', conversations: 1 },
  { requests: 'manyConversations', conversations: MANY_CONVERSATIONS }
]

export function growthVariants (sizes: number[]): GrowthVariant[] {
  return loads.flatMap((load) => sizes.map((stored) => ({
    name: 'ours-sqlite-unsigned',
    title: `${stored} stored, ${load.conversations} conversations`,
    stored,
    ...load
  })))
}
