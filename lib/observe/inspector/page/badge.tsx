import type { JSX } from 'preact'
import type { State } from './types'

/** A state, in a colour and in words. */
export function Badge ({ state, retrying = false }: { state: State, retrying?: boolean }): JSX.Element {
  return <span class={`badge ${retrying ? 'retried' : state}`}>{retrying ? 'failing' : state}</span>
}
