import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { milliseconds } from './format'
import { FullTime } from './times'
import type { Delivery, Detail } from './types'

/** Attempts that are shown at first: the last ones. */
const SHOWN = 10

/** What became of each attempt, as far as it was worth keeping. */
export function Deliveries ({ detail: { deliveries, state, attempts, isCollected }, now }: { detail: Detail, now: number }): JSX.Element {
  const [showsAll, showAll] = useState(false)
  if (deliveries.length === 0) {
    if (state === 'invalid') return <p class='quiet'>It is not of its schema, and was not delivered.</p>
    if (isCollected) return <p class='quiet'>No listener has failed, and its collectors are not through with it.</p>
    return <p class='quiet'>{state === 'done' && attempts === 1 ? 'It succeeded at the first attempt.' : 'None so far.'}</p>
  }
  const hidden = showsAll ? 0 : Math.max(0, deliveries.length - SHOWN)
  return (
    <>
      {hidden > 0 && <p><button type='button' class='small' onClick={() => { showAll(true) }}>{`Show ${hidden} earlier`}</button></p>}
      <ol class='deliveries'>{deliveries.slice(hidden).map((delivery, i) => <Attempt key={hidden + i} delivery={delivery} now={now} />)}</ol>
    </>
  )
}

function Attempt ({ delivery: { attempt, startedAt, duration, completed, failures }, now }: { delivery: Delivery, now: number }): JSX.Element {
  return (
    <li class={failures.length > 0 ? 'failed' : 'succeeded'}>
      <div class='line'><b>Attempt {attempt}</b> <span class='quiet'><FullTime at={startedAt} now={now} /> · {milliseconds(duration)}</span></div>
      <ul>
        {failures.map(({ listener, duration, error }) => (
          <li key={listener}><span class='mark' aria-hidden='true'>✕</span> <code><bdi>{listener}</bdi></code> failed after {milliseconds(duration)}<pre class='error' dir='auto'>{error}</pre></li>
        ))}
        {completed.map((listener) => <li key={listener}><span class='mark' aria-hidden='true'>✓</span> <code><bdi>{listener}</bdi></code> succeeded</li>)}
      </ul>
    </li>
  )
}
