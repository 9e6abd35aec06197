import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Chart } from './chart'
import { DeadDialog } from './dead'
import { Drawer } from './drawer'
import { Filters, readFilter, writeFilter } from './filters'
import { age, events, number } from './format'
import { Grid } from './grid'
import type { Filter, Stats } from './types'
import { useInbox } from './use-inbox'

const TICK = 5_000

export function App (): JSX.Element {
  const [filter, setFilter] = useState<Filter>(readFilter)
  const inbox = useInbox(filter)
  const [now, setNow] = useState(Date.now())
  const [opened, setOpened] = useState('')
  const [asksForDead, askForDead] = useState<'' | 'Replay' | 'Discard'>('')
  const [said, say] = useState('')
  useEffect(() => { setNow(Date.now()) }, [inbox.rows])
  useEffect(() => {
    const timer = setInterval(() => { setNow(Date.now()) }, TICK)
    return () => { clearInterval(timer) }
  }, [])

  const { stats, rows, connected } = inbox
  return (
    <>
      <header class='top'>
        <h1>OneRoute webhooks</h1>
        <span class={`link ${connected ? 'live' : 'cut'}`} role='status'>{connected ? 'live' : 'connecting…'}</span>
      </header>
      <main>
        <div class='overview'>
          <Counts stats={stats} now={now} askForDead={askForDead} />
          <Chart activity={inbox.activity} />
        </div>
        <section class='card list' aria-label='Events'>
          <Filters filter={filter} change={(changed) => { writeFilter(changed); setFilter(changed) }} />
          <Grid rows={rows} now={now} open={setOpened} onEnd={() => { inbox.more() }} hasMore={inbox.hasMore} />
          <Foot inbox={inbox} isFiltered={Object.values(filter).some((value) => value !== '')} />
        </section>
      </main>
      {opened !== '' && <Drawer key={opened} id={opened} row={rows.find(({ id }) => id === opened)} close={() => { setOpened('') }} remove={inbox.remove} say={say} />}
      {asksForDead !== '' && stats !== null && <DeadDialog verb={asksForDead} count={stats.dead} remove={inbox.remove} close={() => { askForDead('') }} say={say} />}
      <p class='said' role='status' aria-live='polite' key={said}>{said}</p>
    </>
  )
}

function Counts ({ stats, now, askForDead }: { stats: Stats | null, now: number, askForDead: (verb: 'Replay' | 'Discard') => void }): JSX.Element {
  const oldest = stats?.oldestPendingAt
  const dead = stats?.dead ?? 0
  const buttons = (['Replay', 'Discard'] as const).map((verb) => (
    <button type='button' class='small' key={verb} aria-label={`${verb} all dead`} disabled={dead === 0} onClick={() => { askForDead(verb) }}>{verb} all</button>
  ))
  return (
    <section class='counts' aria-label='Inbox'>
      <Count name='Pending' value={stats?.pending} note={oldest == null ? 'nothing waits' : `oldest ${age(oldest, now)}`} />
      <Count name='Done' value={stats?.done} note='kept for a while' />
      <Count name='Dead' value={stats?.dead} alarm={dead > 0} note={buttons} />
      <Count name='Invalid' value={stats?.invalid} note='not of their schema' />
    </section>
  )
}

function Count ({ name, value, note, alarm = false }: { name: string, value: number | undefined, note: ComponentChildren, alarm?: boolean }): JSX.Element {
  return (
    <div class={`card count ${alarm ? 'alarm' : ''}`}>
      <span class='name'>{name}</span>
      <span class='value'>{value === undefined ? '–' : number(value)}</span>
      <span class='note'>{note}</span>
    </div>
  )
}

function Foot ({ inbox: { rows, scanned, loading, hasMore, error, stop }, isFiltered }: { inbox: ReturnType<typeof useInbox>, isFiltered: boolean }): JSX.Element {
  if (error !== '') return <p class='foot problem' role='alert'>{error}</p>
  const looked = isFiltered ? `, ${events(scanned)} looked at` : ''
  if (loading) return <p class='foot' role='status'>{events(rows.length)}{looked}… {isFiltered && <button type='button' class='small' onClick={stop}>Stop</button>}</p>
  if (rows.length === 0) {
    return (
      <div class='foot empty' role='status'>
        <p>{isFiltered ? `Nothing fits${looked}.` : 'No events yet.'}</p>
        {!isFiltered && <p class='quiet'>The memory inbox shows what is finished only with its option <code>history</code>.</p>}
      </div>
    )
  }
  return <p class='foot' role='status'>{events(rows.length)}{looked}{hasMore ? ', more below' : ''}</p>
}
