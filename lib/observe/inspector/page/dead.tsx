import type { JSX } from 'preact'
import { discardDead, find, replayDead } from './api'
import { Confirm } from './confirm'
import { events } from './format'
import type { Row } from './types'

interface Props {
  verb: 'Replay' | 'Discard'
  count: number
  /** Says which rows are not to be shown any more. */
  remove: (isGone: (row: Row) => boolean) => void
  close: () => void
  say: (text: string) => void
}

/** Asks before all dead events are put back or removed, and says how many those are. */
export function DeadDialog ({ verb, count, remove, close, say }: Props): JSX.Element {
  async function act (): Promise<string> {
    // Those that die meanwhile were not in the number.
    const { events: [newest] } = await find({ state: 'dead', name: '', conversation: '', text: '' }, null, new AbortController().signal)
    const upTo = newest?.seq ?? 0
    if (verb === 'Replay') return `${events(await replayDead(upTo))} put back`
    const discarded = await discardDead(upTo)
    remove(({ state, seq }) => state === 'dead' && seq <= upTo)
    return `${events(discarded)} discarded`
  }

  return (
    <Confirm title={`${verb} ${events(count)}?`} verb={`${verb} ${events(count)}`} isFinal={verb === 'Discard'} act={act} close={close} say={say}>
      {verb === 'Replay'
        ? <p>All dead events go to the end of their conversations, and are delivered again to the listeners that failed, with all their attempts. Mend the listener first.</p>
        : <p>All dead events are removed from the inbox. They cannot be brought back.</p>}
    </Confirm>
  )
}
