import { useEffect, useRef, useState } from 'preact/hooks'
import type { Filter, Row } from './types'

export interface Selection {
  ids: ReadonlySet<string>
  /** Those of the list, the oldest first. */
  chosen: readonly Row[]
  /** With `isRange`, all from the one before to this one. */
  toggle: (id: string, isRange: boolean) => void
  /** All that are shown, or none. */
  toggleAll: () => void
  clear: () => void
}

const NONE: ReadonlySet<string> = new Set()

export function useSelection (rows: readonly Row[], filter: Filter): Selection {
  const [ids, setIds] = useState(NONE)
  const before = useRef('')
  useEffect(() => { setIds(NONE) }, [filter])
  const chosen = ids.size === 0 ? [] : rows.filter(({ id }) => ids.has(id))

  function toggle (id: string, isRange: boolean): void {
    const [first = 0, last = 0] = [before.current, id].map((one) => rows.findIndex((row) => row.id === one)).sort((a, b) => a - b)
    const range = isRange && first >= 0 ? rows.slice(first, last + 1).map((row) => row.id) : [id]
    const isOn = !ids.has(id)
    before.current = id
    setIds((old) => {
      const next = new Set(old)
      for (const one of range) if (isOn) next.add(one); else next.delete(one)
      return next
    })
  }

  return {
    ids,
    chosen: chosen.toSorted((a, b) => a.seq - b.seq),
    toggle,
    toggleAll: () => { setIds(chosen.length === rows.length ? NONE : new Set(rows.map(({ id }) => id))) },
    clear: () => { setIds(NONE) }
  }
}
