import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Go } from './address'
import { lastDue } from './collected'
import { isReadable } from './conversation'
import { Line } from './line'
import type { List } from './list'
import type { Filter } from './types'
import type { Selection } from './use-selection'

const COLUMNS = [['State', 'state'], ['Event', 'event'], ['From', 'from'], ['Content', 'content'], ['Conversation', 'conversation'], ['Attempts', 'attempts'], ['Received', 'age']]
/** Rows above and below those that are seen. */
const SPARE = 8

interface Props {
  list: List
  filter: Filter
  selection: Selection
  now: number
  /** The id of the row that the keyboard is at; '' if it is at none. */
  active: string
  setActive: (id: string) => void
  go: Go
  setScrolled: (is: boolean) => void
  /** The last rows come into sight. */
  onEnd: () => void
}

/** The events: only the rows that are in sight are there, so that there may be as many as there are. */
export function Grid ({ list, filter, selection, now, active, setActive, go, setScrolled, onEnd }: Props): JSX.Element {
  const { rows } = list
  const [box, top, { height, rowHeight }, scrolled] = useScroll(setScrolled)
  const first = Math.max(0, Math.floor(top / rowHeight) - SPARE)
  const last = Math.min(rows.length, Math.ceil((top + height) / rowHeight) + SPARE)
  useEffect(() => { if (last >= rows.length - SPARE) onEnd() }, [last, rows.length])

  const untilOf = useMemo(() => lastDue(rows), [rows])
  const index = Math.max(0, rows.findIndex(({ id }) => id === active))
  const current = rows[index]
  const open = (id: string) => { setActive(id); go({ event: id }) }

  useEffect(() => { if (box.current !== null && active !== '' && current?.id === active) bringIntoSight(box.current, index, rowHeight) }, [active])

  function press (event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const page = Math.max(1, Math.floor(height / rowHeight) - 2)
    const steps: Record<string, number> = { ArrowDown: index + 1, ArrowUp: index - 1, j: index + 1, k: index - 1, PageDown: index + page, PageUp: index - page, Home: 0, End: rows.length - 1 }
    const to = steps[event.key]
    if (to !== undefined) setActive(rows[active === '' ? 0 : Math.min(rows.length - 1, Math.max(0, to))]?.id ?? '')
    else if (current === undefined) return
    else if (event.key === 'Enter') open(current.id)
    else if (event.key.toLowerCase() === 'x' || event.key === ' ') selection.toggle(current.id, event.shiftKey)
    else if (event.key === 'c' && isReadable(current.conversation)) go({ thread: current.conversation })
    else return
    event.preventDefault()
  }

  return (
    <div
      class={`grid ${list.meanwhile === null ? '' : 'stale'}`} role='grid' aria-label='Events, newest first' aria-multiselectable
      aria-rowcount={list.before === null ? rows.length + 1 : -1} tabIndex={0} ref={box}
      aria-activedescendant={current !== undefined && active !== '' && index >= first && index < last ? `row-${current.seq}` : undefined}
      onKeyDown={press} onFocus={() => { if (active === '') setActive(rows[0]?.id ?? '') }} onScroll={scrolled}
    >
      <Head isAll={rows.length > 0 && selection.ids.size === rows.length} toggleAll={() => { selection.toggleAll() }} />
      <div class='rows' role='rowgroup' style={{ height: `${rows.length * rowHeight}px` }}>
        {rows.slice(first, last).map((row, i) => (
          <Line
            key={row.id} row={row} at={first + i} rowHeight={rowHeight} now={now} until={untilOf(row)} filter={filter} isActive={row.id === active}
            isSelected={selection.ids.has(row.id)} isGone={list.gone.has(row.id)} open={() => { open(row.id) }} activate={() => { setActive(row.id) }}
            select={(isRange) => { setActive(row.id); selection.toggle(row.id, isRange) }}
          />
        ))}
      </div>
    </div>
  )
}

function bringIntoSight (box: HTMLElement, at: number, rowHeight: number): void {
  // The head covers as much as a row.
  const lowest = (at + 2) * rowHeight - box.clientHeight
  if (at * rowHeight < box.scrollTop) box.scrollTop = at * rowHeight
  else if (lowest > box.scrollTop) box.scrollTop = lowest
}

function Head ({ isAll, toggleAll }: { isAll: boolean, toggleAll: () => void }): JSX.Element {
  return (
    <div class='row head' role='row' aria-rowindex={1}>
      <div role='columnheader' class='select'><label><input type='checkbox' aria-label='Select all that are shown' tabIndex={-1} checked={isAll} onClick={toggleAll} /></label></div>
      {COLUMNS.map(([name, column]) => <div key={name} role='columnheader' class={column}>{name}</div>)}
    </div>
  )
}

/** Where the box is scrolled to, and how much of it is seen. */
function useScroll (setScrolled: Props['setScrolled']) {
  const box = useRef<HTMLDivElement>(null)
  const [top, setTop] = useState(0)
  const [size, setSize] = useState({ height: 600, rowHeight: 44 })
  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return undefined
    const measure = () => { setSize({ height: element.clientHeight, rowHeight: parseFloat(getComputedStyle(element).getPropertyValue('--row')) }) }
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    measure()
    return () => {
      observer.disconnect()
      setScrolled(false)
    }
  }, [])
  const scrolled = ({ currentTarget: { scrollTop } }: { currentTarget: HTMLElement }) => {
    setTop(scrollTop)
    setScrolled(scrollTop > 0)
  }
  return [box, top, size, scrolled] as const
}
