import { useEffect, useRef, useState } from 'preact/hooks'
import { detailOf, reasonOf, Refusal } from './api'
import { isOf } from './conversation'
import type { Detail, Update } from './types'

/** What waits is counted again for each answer: while the conversation is busy, not more often than this, in milliseconds. */
const REST = 2_000

const GONE = 'This event is not in the inbox: it was discarded, or it is older than what the inbox keeps.'

/** Calls back with each update of the server's; returns a function that ends it. */
export type Listen = (listener: (update: Pick<Update, 'events' | 'gone' | 'gap'>) => void) => () => void

interface Loaded {
  detail: Detail | null
  /** Why it cannot be shown, or not as it is now. */
  problem: string
  /** It is not in the inbox: asking again is of no use. */
  isGone: boolean
  reload: () => void
}

/**
 * One event as the inbox has it, read again at once when something becomes of it, and after a while when something becomes of its
 * conversation, or it could not be read. Calls back with the whole id if `id` is the beginning of it.
 */
export function useEvent (id: string, listen: Listen, isIn: (whole: string) => void): Loaded {
  const [detail, setDetail] = useState<Detail | null>(null)
  const [failure, setFailure] = useState<unknown>(null)
  const [turn, setTurn] = useState(0)
  const askedAt = useRef(0)
  const timer = useRef<number>(undefined)
  const reload = () => { setTurn((turn) => turn + 1) }
  const shown = detail?.id === id ? detail : null
  const conversation = shown?.conversation ?? null
  const isGone = failure instanceof Refusal && failure.status === 404
  const isUnread = failure !== null && !isGone

  useEffect(() => {
    let isCurrent = true
    askedAt.current = performance.now()
    detailOf(id).then(
      (found) => {
        if (!isCurrent) return
        setDetail(found)
        setFailure(null)
        if (found.id !== id) isIn(found.id)
      },
      (error: unknown) => { if (isCurrent) setFailure(error) })
    return () => {
      isCurrent = false
      clearTimeout(timer.current)
      timer.current = undefined
    }
  }, [id, turn])

  useEffect(() => listen(({ events, gone, gap }) => {
    const isBeside = conversation === null ? () => false : isOf(conversation)
    if (gone.includes(id) || events.some((row) => row.id === id)) reload()
    else if (gap || isUnread || events.some(isBeside)) timer.current ??= window.setTimeout(reload, askedAt.current + REST - performance.now())
  }), [id, conversation, isUnread, listen])

  return { detail: shown, problem: isUnread ? reasonOf(failure) : isGone ? GONE : '', isGone, reload }
}
