import type { ClientRequest } from 'node:http'
import { setTimeout } from 'node:timers/promises'

type Write = (request: ClientRequest) => void

const CHUNKS = 5

/** Why a request that was cut has no answer. */
class CutError extends Error {
  readonly code = 'cut'
}

/** The number of bytes at which a body is cut: never all of it, and never none. */
export function cutAt (body: Uint8Array, dice: number): number {
  return 1 + Math.floor(dice * (body.length - 1))
}

/** The body comes in chunks, with pauses between them. */
export function inChunks (body: Uint8Array, pause: number): Write {
  const size = Math.ceil(body.length / CHUNKS)
  return (request) => {
    void write()

    async function write (): Promise<void> {
      for (let start = 0; start < body.length && !request.destroyed; start += size) {
        request.write(body.subarray(start, start + size))
        await setTimeout(pause)
      }
      request.end()
    }
  }
}

/** The connection breaks while the body is on the way. */
export function cutBody (part: Uint8Array): Write {
  return (request) => { request.write(part, () => request.destroy(new CutError('cut'))) }
}

/** The connection breaks when the whole body is on the way, and its answer perhaps, too. */
export function cutAnswer (body: Uint8Array, pause: number): Write {
  return (request) => {
    request.end(body, () => {
      void setTimeout(pause).then(() => request.destroy(new CutError('cut')))
    })
  }
}

/** The sender ends its side of the connection, and has not sent what it said it would. */
export function endEarly (part: Uint8Array): Write {
  return (request) => { request.write(part, () => request.socket?.end()) }
}
