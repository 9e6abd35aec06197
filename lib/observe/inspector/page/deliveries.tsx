import type { JSX } from 'preact'
import { milliseconds, time } from './format'
import type { Delivery, Detail } from './types'

/** What became of each attempt, as far as it was worth keeping. */
export function Deliveries ({ detail: { deliveries, state, attempts } }: { detail: Detail }): JSX.Element {
  if (deliveries.length > 0) return <ol class='deliveries'>{deliveries.map((delivery, i) => <Attempt key={i} delivery={delivery} />)}</ol>
  if (state === 'invalid') return <p class='quiet'>It is not of its schema, and was not delivered.</p>
  return <p class='quiet'>{state === 'done' && attempts === 1 ? 'It succeeded at the first attempt.' : 'None so far.'}</p>
}

function Attempt ({ delivery: { attempt, startedAt, duration, completed, failures } }: { delivery: Delivery }): JSX.Element {
  return (
    <li class={failures.length > 0 ? 'failed' : 'succeeded'}>
      <div class='line'><b>Attempt {attempt}</b> <span class='quiet'>{time(startedAt)} · {milliseconds(duration)}</span></div>
      <ul>
        {failures.map(({ listener, duration, error }) => (
          <li key={listener}><span class='mark' aria-hidden='true'>✕</span> <code>{listener}</code> failed after {milliseconds(duration)}<pre class='error'>{error}</pre></li>
        ))}
        {completed.map((listener) => <li key={listener}><span class='mark' aria-hidden='true'>✓</span> <code>{listener}</code> succeeded</li>)}
      </ul>
    </li>
  )
}
