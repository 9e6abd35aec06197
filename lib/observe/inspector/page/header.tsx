import type { JSX } from 'preact'
import { clockTime } from './format'
import { TimeSwitch, relative } from './times'
import { isSilent } from './use-feed'
import type { Feed } from './use-feed'

/** What the page is, and whether it can be believed. */
export function Header ({ feed, now, showKeys }: { feed: Feed, now: number, showKeys: () => void }): JSX.Element {
  const { connected, refused, heardAt } = feed
  return (
    <header class='top'>
      <h1>OneRoute webhooks</h1>
      <span class={`link ${connected ? 'live' : 'cut'}`} role='status'>{connected ? 'live' : (refused ? 'not connected' : 'connecting…')}</span>
      {refused && <p class='band' role='alert'>The app does not let this page look any more. Load it again, and log in if it asks you to.</p>}
      {!refused && heardAt !== null && isSilent(feed, now) && (
        <p class='band' role='alert'>The app has not answered since {clockTime(heardAt)} ({relative(heardAt, now)}). What you see is as old as that.</p>
      )}
      <span class='tools'><TimeSwitch /><button type='button' class='small keys' aria-label='Keys' onClick={showKeys}>?</button></span>
    </header>
  )
}
