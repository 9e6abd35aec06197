import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { Badge } from './badge'
import { age, time } from './format'
import type { Row } from './types'

const COLUMNS = ['State', 'Event', 'Conversation', 'Medium', 'Content', 'Attempts', 'Age']
/** Rows above and below those that are seen. */
const SPARE = 8

interface Props {
  rows: readonly Row[]
  now: number
  open: (id: string) => void
  /** The last rows come into sight. */
  onEnd: () => void
  hasMore: boolean
}

/** The events: only the rows that are in sight are there, so that there may be as many as there are. */
export function Grid ({ rows, now, open, onEnd, hasMore }: Props): JSX.Element {
  const box = useRef<HTMLDivElement>(null)
  const [active, setActive] = useState('')
  const [top, setTop] = useState(0)
  const [{ height, rowHeight }, setSize] = useState({ height: 600, rowHeight: 44 })

  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return undefined
    const measure = () => { setSize({ height: element.clientHeight, rowHeight: parseFloat(getComputedStyle(element).getPropertyValue('--row')) }) }
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    measure()
    return () => { observer.disconnect() }
  }, [])

  const first = Math.max(0, Math.floor(top / rowHeight) - SPARE)
  const last = Math.min(rows.length, Math.ceil((top + height) / rowHeight) + SPARE)
  useEffect(() => { if (last >= rows.length - SPARE) onEnd() }, [last, rows.length])

  const index = Math.max(0, rows.findIndex(({ id }) => id === active))
  function move (to: number): void {
    const row = rows[Math.min(rows.length - 1, Math.max(0, to))]
    if (row === undefined || box.current === null) return
    setActive(row.id)
    const at = rows.indexOf(row) * rowHeight
    // The head covers as much as a row.
    if (at < box.current.scrollTop) box.current.scrollTop = at
    else if (at + 2 * rowHeight > box.current.scrollTop + height) box.current.scrollTop = at + 2 * rowHeight - height
  }

  function press (event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(height / rowHeight) - 2)
    const steps: Record<string, number> = { ArrowDown: index + 1, ArrowUp: index - 1, PageDown: index + page, PageUp: index - page, Home: 0, End: rows.length - 1 }
    const to = steps[event.key]
    const row = rows[index]
    if (to !== undefined) move(active === '' ? 0 : to)
    else if ((event.key === 'Enter' || event.key === ' ') && row !== undefined) open(row.id)
    else return
    event.preventDefault()
  }

  const current = rows[index]
  return (
    <div
      class='grid' role='grid' aria-label='Events, newest first' aria-rowcount={hasMore ? -1 : rows.length + 1} tabIndex={0} ref={box}
      aria-activedescendant={current !== undefined && active !== '' && index >= first && index < last ? `row-${current.seq}` : undefined}
      onKeyDown={press} onFocus={() => { if (active === '') setActive(rows[0]?.id ?? '') }}
      onScroll={({ currentTarget }) => { setTop(currentTarget.scrollTop) }}
    >
      <div class='row head' role='row' aria-rowindex={1}>
        {COLUMNS.map((column) => <div key={column} role='columnheader' class={column.toLowerCase()}>{column}</div>)}
      </div>
      <div class='rows' role='rowgroup' style={{ height: `${rows.length * rowHeight}px` }}>
        {rows.slice(first, last).map((row, i) => (
          <Line key={row.id} row={row} at={first + i} rowHeight={rowHeight} now={now} isActive={row.id === active} open={() => { setActive(row.id); open(row.id) }} />
        ))}
      </div>
    </div>
  )
}

interface LineProps {
  row: Row
  at: number
  rowHeight: number
  now: number
  isActive: boolean
  open: () => void
}

function Line ({ row, at, rowHeight, now, isActive, open }: LineProps): JSX.Element {
  return (
    <div
      class='row' role='row' id={`row-${row.seq}`} aria-rowindex={at + 2} aria-selected={isActive} data-active={isActive}
      style={{ transform: `translateY(${at * rowHeight}px)` }} onClick={open}
    >
      <div role='gridcell' class='state'><Badge state={row.state} retrying={row.state === 'pending' && row.attempts > 0} /></div>
      <div role='gridcell' class='event'>{row.name}</div>
      <div role='gridcell' class='conversation' title={row.conversation ?? undefined}>{row.conversation}</div>
      <div role='gridcell' class='medium'>{row.medium}</div>
      <div role='gridcell' class='content' title={row.error ?? undefined}>{row.text}{row.error !== null && row.state !== 'done' && <span class='error'>{row.error}</span>}</div>
      <div role='gridcell' class='attempts'>{row.attempts}</div>
      <div role='gridcell' class='age' title={time(row.receivedAt)}>{age(row.receivedAt, now)}</div>
    </div>
  )
}
