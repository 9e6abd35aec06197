import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout } from 'node:timers/promises'

const INTERVAL = 50

/** Waits until somebody listens at an address: in a pipe, the receiver starts at the same time. Returns false if nobody does in time. */
export async function becomesReachable ({ hostname, port, protocol }: URL, milliseconds: number, signal: AbortSignal): Promise<boolean> {
  const address = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || (protocol === 'https:' ? 443 : 80) }
  const patience = AbortSignal.any([signal, AbortSignal.timeout(milliseconds)])
  while (!patience.aborted) {
    if (await isOpen(address, patience)) return true
    await setTimeout(INTERVAL, undefined, { signal: patience }).catch(() => undefined)
  }
  return signal.aborted // then nobody asks any more
}

async function isOpen (address: { host: string, port: number }, signal: AbortSignal): Promise<boolean> {
  const socket = connect(address)
  return await once(socket, 'connect', { signal }).then(() => true, () => false).finally(() => { socket.destroy() })
}
