import { useEffect, useRef, useState } from 'preact/hooks'
import { find, reasonOf } from './api'
import { isOf } from './conversation'
import { NO_FILTER } from './types'
import type { Row, Update } from './types'
import type { Listen } from './use-event'
import { useLatest } from './use-latest'

/** Events that are shown at first, and with each step back. */
const STEP = 100

interface Part {
  /** Oldest first. */
  rows: readonly Row[]
  /** Where to go on with earlier ones; null if there are none. */
  before: number | null
}

interface Thread {
  rows: readonly Row[]
  isLoading: boolean
  hasEarlier: boolean
  error: string
  earlier: () => void
  /** Says which are not to be shown any more. */
  remove: (isGone: (row: Row) => boolean) => void
}

/** The events of a conversation: the newest, and earlier ones when they are asked for. */
export function useThread (conversation: string, listen: Listen): Thread {
  const [part, setPart] = useState<Part>({ rows: [], before: null })
  const [isLoading, setLoading] = useState(true)
  const [error, setError] = useState('')
  const { begin } = useLatest()
  /** What the server told of while it was asked: an answer may be older than that. */
  const told = useRef<Array<Pick<Update, 'events' | 'gone'>>>([])
  const shown = useRef(part)
  shown.current = part

  /** Reads so many events before one, and shows them with those that are kept. */
  async function load (before: number | null, count: number, kept: () => readonly Row[]): Promise<void> {
    const signal = begin()
    told.current = []
    setLoading(true)
    try {
      const found = await read(conversation, before, count, signal)
      setPart(told.current.reduce(changed, { rows: [...found.rows, ...kept()], before: found.before }))
      setError('')
    } catch (problem) {
      if (signal.aborted) return
      setError(reasonOf(problem))
    }
    setLoading(false)
  }

  useEffect(() => { void load(null, STEP, () => []) }, [conversation])

  useEffect(() => {
    const isMember = isOf(conversation)
    return listen(({ events, gone, gap }) => {
      const update = { events: events.filter(isMember), gone }
      told.current.push(update)
      setPart((part) => changed(part, update))
      if (gap) void load(null, Math.max(STEP, shown.current.rows.length), () => [])
    })
  }, [conversation, listen])

  return {
    rows: part.rows,
    isLoading,
    hasEarlier: part.before !== null,
    error,
    earlier: () => { void load(part.before, STEP, () => shown.current.rows) },
    remove: (isGone) => { setPart(({ rows, before }) => ({ rows: rows.filter((row) => !isGone(row)), before })) }
  }
}

/** The server looks at a part of the inbox at a time. */
async function read (conversation: string, from: number | null, count: number, signal: AbortSignal): Promise<Part> {
  const rows: Row[] = []
  let before = from
  do {
    const page = await find({ ...NO_FILTER, conversation }, before, signal)
    rows.push(...page.events)
    before = page.before
  } while (before !== null && rows.length < count)
  const newest = rows.slice(0, count)
  return { rows: newest.reverse(), before: rows.length > count ? newest[0]?.seq ?? null : before }
}

/** With what the server tells of, but for what is earlier than all that is shown. */
function changed ({ rows, before }: Part, { events, gone }: Pick<Update, 'events' | 'gone'>): Part {
  if (events.length === 0 && gone.length === 0) return { rows, before }
  const changes = new Map(events.map((row) => [row.id, row]))
  const kept = rows.filter(({ id }) => !gone.includes(id) && !changes.has(id))
  const oldest = before === null ? 0 : rows[0]?.seq ?? 0
  return { rows: [...kept, ...events.filter(({ seq }) => seq >= oldest)].sort((a, b) => a.seq - b.seq), before }
}
