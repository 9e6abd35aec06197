import type { ComponentChildren, JSX } from 'preact'
import { hrefOf } from './address'
import type { Place } from './address'
import { isNamed, isReadable } from './conversation'
import { number } from './format'
import { FullTime } from './times'
import type { Detail } from './types'

interface Props {
  detail: Detail
  place: Place
  now: number
}

/** What the inbox knows of an event. */
export function Facts ({ detail, place, now }: Props): JSX.Element {
  const { id, state, conversation, receivedAt, attempts, dueAt, finishedAt, error } = detail
  return (
    <dl class='facts'>
      <Fact name='Id'><code>{id}</code></Fact>
      {conversation !== null && <Fact name='Conversation'><Conversation conversation={conversation} place={place} /></Fact>}
      <Fact name='Received'><FullTime at={receivedAt} now={now} /></Fact>
      <Fact name='Attempts'>{number(attempts)}</Fact>
      {state === 'pending' && attempts > 0 && dueAt !== null && <Fact name='Next attempt'><FullTime at={dueAt} now={Math.min(now, Date.parse(dueAt))} /></Fact>}
      {finishedAt !== null && <Fact name='Finished'><FullTime at={finishedAt} now={now} /></Fact>}
      {error !== null && (state === 'invalid'
        ? <Fact name='Problems'><ul class='problem'>{error.split('; ').map((problem, i) => <li key={i} dir='auto'>{problem}</li>)}</ul></Fact>
        : <Fact name='Error'><p class={state === 'done' ? undefined : 'problem'} dir='auto'>{error}</p></Fact>)}
    </dl>
  )
}

function Fact ({ name, children }: { name: string, children: ComponentChildren }): JSX.Element {
  return <div><dt>{name}</dt><dd>{children}</dd></div>
}

function Conversation ({ conversation, place }: { conversation: string, place: Place }): JSX.Element {
  if (!isNamed(conversation)) return <bdi>{conversation}</bdi>
  return <><code><bdi>{conversation}</bdi></code> {isReadable(conversation) && <a href={hrefOf({ ...place, event: '', thread: conversation })}>Show the conversation</a>}</>
}
