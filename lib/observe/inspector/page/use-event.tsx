import { useEffect, useState } from 'preact/hooks'
import { detailOf, Refusal } from './api'
import { isOf } from './conversation'
import type { Detail, Update } from './types'

/** Calls back with each update of the server's; returns a function that ends it. */
export type Listen = (listener: (update: Pick<Update, 'events' | 'gone' | 'gap'>) => void) => () => void

interface Loaded {
  detail: Detail | null
  /** Why it cannot be shown, or not as it is now. */
  problem: string
  reload: () => void
}

/** One event as the inbox has it, read again when something becomes of it, or of its conversation. */
export function useEvent (id: string, listen: Listen): Loaded {
  const [detail, setDetail] = useState<Detail | null>(null)
  const [problem, setProblem] = useState('')
  const [turn, setTurn] = useState(0)
  const reload = () => { setTurn((turn) => turn + 1) }
  const shown = detail?.id === id ? detail : null
  const conversation = shown?.conversation ?? null

  useEffect(() => {
    let isCurrent = true
    detailOf(id).then(
      (found) => {
        if (!isCurrent) return
        setDetail(found)
        setProblem('')
      },
      (error: unknown) => { if (isCurrent) setProblem(problemOf(error)) })
    return () => { isCurrent = false }
  }, [id, turn])

  useEffect(() => listen(({ events, gone, gap }) => {
    const isBeside = conversation === null ? () => false : isOf(conversation)
    if (gap || gone.includes(id) || events.some((row) => row.id === id || isBeside(row))) reload()
  }), [id, conversation, listen])

  return { detail: shown, problem, reload }
}

function problemOf (error: unknown): string {
  if (!(error instanceof Refusal)) return `The app does not answer: ${String(error)}`
  return error.status === 404 ? 'This event is not in the inbox: it was discarded, or it is older than what the inbox keeps.' : error.message
}
