import type { JSX } from 'preact'
import { number } from './format'
import type { Minute } from './types'

const SERIES = [
  { key: 'done', label: 'delivered' },
  { key: 'retried', label: 'failed, to be tried again' },
  { key: 'dead', label: 'dead' },
  { key: 'refused', label: 'refused' }
] as const
const WIDTH = 600
const HEIGHT = 96

/** What became of events in the last hour, a bar for each minute. */
export function Chart ({ activity }: { activity: readonly Minute[] }): JSX.Element {
  const totals = SERIES.map(({ key, label }) => ({ key, label, total: activity.reduce((sum, minute) => sum + minute[key], 0) }))
  const most = Math.max(1, ...activity.map((minute) => SERIES.reduce((sum, { key }) => sum + minute[key], 0)))
  const step = WIDTH / Math.max(1, activity.length)
  const summary = totals.map(({ label, total }) => `${number(total)} ${label}`).join(', ')
  return (
    <section class='card chart' aria-label='Last hour'>
      <header>
        <h2>Last hour</h2>
        <ul class='legend'>
          {totals.map(({ key, label, total }) => <li key={key}><i class={`swatch ${key}`} aria-hidden='true' />{label} <b>{number(total)}</b></li>)}
        </ul>
      </header>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio='none' role='img' aria-label={`Last hour, by minute: ${summary}. The busiest minute had ${number(most)}.`}>
        <line class='axis' x1='0' x2={WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} />
        {activity.map((minute, i) => <Bar key={minute.at} minute={minute} x={i * step} width={step - 2} most={most} />)}
      </svg>
      <div class='scale' aria-hidden='true'><span>60 min ago</span><span>now</span></div>
    </section>
  )
}

function Bar ({ minute, x, width, most }: { minute: Minute, x: number, width: number, most: number }): JSX.Element {
  let y = HEIGHT
  return (
    <g>
      {SERIES.map(({ key }) => {
        const height = minute[key] === 0 ? 0 : Math.max(1.5, minute[key] / most * (HEIGHT - 4))
        y -= height
        return height === 0 ? null : <rect key={key} class={key} x={x} y={y} width={width} height={height} rx='1' />
      })}
    </g>
  )
}
