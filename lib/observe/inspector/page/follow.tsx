import type { Update } from './types'

interface Listener {
  update: (update: Update) => void
  connected: (is: boolean) => void
  /** Something may have come in that no update told of. */
  missed: () => void
  /** The server does not tell this page any more. */
  refused: () => void
}

/** Listens to what the server tells, for as long as it does. Returns a function that ends it. */
export function follow (listener: Listener): () => void {
  let current = open(() => {})

  /** Calls back as soon as the server tells by it. */
  function open (begun: () => void): EventSource {
    const source = new EventSource('api/stream')
    let wasCut = false
    source.onopen = () => {
      listener.connected(true)
      begun()
      if (wasCut) listener.missed()
    }
    source.onerror = () => {
      wasCut = true
      if (source !== current) return
      listener.connected(false)
      // Otherwise the browser asks again by itself.
      if (source.readyState === EventSource.CLOSED) listener.refused()
    }
    source.addEventListener('update', ({ data }: MessageEvent<string>) => { listener.update(JSON.parse(data) as Update) }) // as feed.ts writes it
    source.addEventListener('renew', () => { replace(source) })
    return source
  }

  /** The old one goes once there is the new one: nothing is missed in between. */
  function replace (old: EventSource): void {
    const next = open(() => {
      old.close()
      current = next
    })
  }

  return () => { current.close() }
}
