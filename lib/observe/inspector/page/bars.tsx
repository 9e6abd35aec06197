import type { JSX } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { LENGTHS, SERIES, clock, hasTick, inWords } from './buckets'
import type { Span } from './buckets'
import { timeOf } from './time-of'
import type { Bucket, Filter } from './types'

interface Props {
  buckets: readonly Bucket[]
  span: Span
  /** The end of the scale. */
  top: number
  /** Nothing is known of what was before, in milliseconds since the epoch. */
  countedSince: number
  filter: Filter
  /** The bar that is pointed at, or has the focus, by its time. */
  point: (at: number | null) => void
  /** The first and the last bar that were chosen, by their times. */
  pick: (from: number, to: number) => void
}

/** One is clicked, or several are dragged over; with the keyboard, arrows with Shift choose several, and Enter picks them. */
export function Bars ({ buckets, span, top, countedSince, filter, point, pick }: Props): JSX.Element {
  const box = useRef<HTMLDivElement>(null)
  const [focused, setFocused] = useState<number | null>(null)
  const [chosen, choose] = useState<{ from: number, to: number } | null>(null)
  const last = buckets.at(-1)?.at ?? 0
  const stop = buckets.some(({ at }) => at === focused) ? focused : last

  const under = ({ clientX }: PointerEvent) => buckets[indexUnder(box.current, clientX, buckets.length)]?.at ?? last

  const finish = ({ from, to }: { from: number, to: number }) => { choose(null); pick(Math.min(from, to), Math.max(from, to)) }

  function press (event: KeyboardEvent, at: number): void {
    const index = buckets.findIndex((bucket) => bucket.at === at)
    const to = buckets[{ ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: buckets.length - 1 }[event.key] ?? -1]?.at
    if (to !== undefined) {
      choose(event.shiftKey ? { from: chosen?.from ?? at, to } : null)
      box.current?.querySelector<HTMLElement>(`[data-at="${to}"]`)?.focus()
    } else if (event.key === 'Enter' || event.key === ' ') finish(chosen ?? { from: at, to: at })
    else if (event.key === 'Escape') choose(null)
    else return
    event.preventDefault()
  }

  return (
    <div
      class='bars' role='group' aria-label='Activity over time: arrow keys move, Enter shows the events of a bar' ref={box}
      onPointerDown={(event) => {
        if (event.button !== 0) return
        box.current?.setPointerCapture(event.pointerId)
        choose({ from: under(event), to: under(event) })
      }}
      onPointerMove={(event) => {
        point(under(event))
        if (chosen !== null && event.buttons > 0) choose({ ...chosen, to: under(event) })
      }}
      onPointerUp={(event) => { if (chosen !== null) finish({ ...chosen, to: under(event) }) }}
      onPointerCancel={() => { choose(null) }} onPointerLeave={() => { point(null) }}
    >
      {buckets.map((bucket) => (
        <button
          key={bucket.at} type='button' data-at={bucket.at} tabIndex={bucket.at === stop ? 0 : -1} aria-label={inWords(bucket, span)}
          class={classOf(bucket, LENGTHS[span], countedSince, filter, chosen)} onKeyDown={(event) => { press(event, bucket.at) }}
          onFocus={() => { setFocused(bucket.at); point(bucket.at) }} onBlur={() => { point(null) }}
        >
          <Bar bucket={bucket} span={span} top={top} />
        </button>
      ))}
    </div>
  )
}

function Bar ({ bucket, span, top }: Pick<Props, 'span' | 'top'> & { bucket: Bucket }): JSX.Element {
  return (
    <>
      {SERIES.map(({ key }) => bucket[key] > 0 && <i key={key} class={key} style={{ height: `${bucket[key] / top * 100}%` }} />)}
      {hasTick(bucket, span) && <span class='tick' aria-hidden='true'>{clock(bucket.at)}</span>}
    </>
  )
}

/** Which of the buckets the pointer is over. */
function indexUnder (box: HTMLElement | null, clientX: number, count: number): number {
  const { left, width } = box?.getBoundingClientRect() ?? { left: 0, width: 1 }
  return Math.min(count - 1, Math.max(0, Math.floor((clientX - left) / width * count)))
}

function classOf ({ at }: Bucket, length: number, countedSince: number, { since, until }: Filter, chosen: { from: number, to: number } | null): string {
  const isChosen = chosen !== null && at >= Math.min(chosen.from, chosen.to) && at <= Math.max(chosen.from, chosen.to)
  const isOut = (since !== '' && at + length <= timeOf(since)) || (until !== '' && at >= timeOf(until))
  return ['bar', at + length <= countedSince && 'uncounted', isChosen && 'chosen', isOut && 'out'].filter(Boolean).join(' ')
}
