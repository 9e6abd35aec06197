import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

const INTERVAL = 50

/** Waits until somebody listens at an address: in a pipe, the receiver starts at the same time. Returns false if nobody does in time. */
export async function becomesReachable ({ hostname, port, protocol }: URL, milliseconds: number, signal: AbortSignal): Promise<boolean> {
  const address = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || (protocol === 'https:' ? 443 : 80) }
  // Not AbortSignal.any and AbortSignal.timeout: on Node 22.13 the garbage collector takes the timeout, and the wait never ends.
  const patience = new AbortController()
  const giveUp = () => { patience.abort() }
  const timer = setTimeout(giveUp, milliseconds)
  signal.addEventListener('abort', giveUp)
  try {
    while (!signal.aborted && !patience.signal.aborted) {
      if (await isOpen(address, patience.signal)) return true
      await delay(INTERVAL, undefined, { signal: patience.signal }).catch(() => undefined)
    }
    return signal.aborted // then nobody asks any more
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', giveUp)
  }
}

async function isOpen (address: { host: string, port: number }, signal: AbortSignal): Promise<boolean> {
  const socket = connect(address)
  return await once(socket, 'connect', { signal }).then(() => true, () => false).finally(() => { socket.destroy() })
}
