import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Bars } from './bars'
import { LENGTHS, SERIES, bucketsOf, inWords, topOf } from './buckets'
import type { Span } from './buckets'
import { number } from './format'
import { absolute } from './times'
import type { Activity, Filter } from './types'

const NAMES: Record<Span, string> = { hour: 'Last hour', day: '24 hours' }

interface Props {
  activity: Activity | null
  filter: Filter
  /** Shows the events of this time, in milliseconds since the epoch. */
  pick: (since: number, until: number) => void
}

/** What this process has done of late, and the way to the events of a time. */
export function Chart ({ activity, filter, pick }: Props): JSX.Element {
  const [span, setSpan] = useState<Span>('hour')
  const [at, setAt] = useState<number | null>(null)
  const buckets = bucketsOf(activity, span)
  const shown = buckets.find((bucket) => bucket.at === at)
  return (
    <section class='card chart' aria-label='Activity'>
      <header>
        <div class='switch'>
          {(['hour', 'day'] as const).map((name) => <button key={name} type='button' class='small' aria-pressed={span === name} onClick={() => { setSpan(name) }}>{NAMES[name]}</button>)}
        </div>
        <ul class='legend'>
          {SERIES.map(({ key, label }) => <li key={key}><i class={`swatch ${key}`} aria-hidden='true' />{label} <b>{activity === null ? '–' : number(buckets.reduce((sum, bucket) => sum + bucket[key], 0))}</b></li>)}
        </ul>
      </header>
      <div class='plot'>
        {activity !== null && <Scale top={topOf(buckets)} />}
        <Bars
          buckets={buckets} span={span} top={topOf(buckets)} countedSince={activity === null ? 0 : Date.parse(activity.since)}
          filter={filter} point={setAt} pick={(from, to) => { pick(from, to + LENGTHS[span]) }}
        />
      </div>
      <p class='readout'>{shown === undefined ? <Hint activity={activity} /> : inWords(shown, span)}</p>
    </section>
  )
}

function Scale ({ top }: { top: number }): JSX.Element {
  return <div class='scale' aria-hidden='true'>{[top, top / 2, 0].map((value) => <span key={value}>{number(value)}</span>)}</div>
}

function Hint ({ activity }: { activity: Activity | null }): JSX.Element {
  return <>{activity !== null && `Counted by this process since ${absolute(activity.since)}. Click or drag over bars to see their events.`}</>
}
