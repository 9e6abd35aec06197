import { openLoad, type Load } from './load.ts'
import type { WebhookRequest } from './requests.ts'
import { startServer, type ServerProcess } from './server-process.ts'
import type { Slice } from './slice.ts'
import { percentile } from './statistics.ts'
import type { Variant } from './variants.ts'

/** A running server with its connections. */
export interface Contestant<V extends Variant = Variant> {
  variant: V
  take: (requests: WebhookRequest[]) => Promise<Slice>
  stop: () => Promise<void>
}

/**
 * `store` is for servers that keep events, a file or a database: if it is left out, a file of its own.
 * `othersTime`: the processor time of other processes that do a part of the server's work, in microseconds.
 */
export async function startContestant<V extends Variant> (variant: V, store?: string, othersTime?: () => number): Promise<Contestant<V>> {
  const server = await startServer(variant.name, store)
  const load = openLoad(server.port)

  return {
    variant,
    take: (requests) => takeTurn(server, load, requests, othersTime).catch((cause: unknown) => {
      throw new Error(`server ${variant.name} failed`, { cause })
    }),
    stop: async () => {
      await load.close()
      await server.stop()
    }
  }
}

/** The server is idle before, and has nothing left to do after: all that it does for these requests is between the two. */
async function takeTurn (server: ServerProcess, load: Load, requests: WebhookRequest[], othersTime = () => 0): Promise<Slice> {
  const othersBefore = othersTime()
  const before = await server.begin()
  const startedAt = performance.now()
  const latencies = await load.send(requests)
  const after = await server.end(before.events + requests.length)
  const wall = (performance.now() - startedAt) * 1_000
  const others = othersTime() - othersBefore
  assertDelivered(requests.length, after.events - before.events)
  const latency = { p50: percentile(latencies, 0.5) * 1_000, p99: percentile(latencies, 0.99) * 1_000 }
  const { loopDelays, memory } = after
  return { requests: requests.length, wall, cpu: after.cpu - before.cpu, others, latency, loopDelays, memory }
}

/** A server that answers 200 and drops events would be quick. */
function assertDelivered (sent: number, delivered: number) {
  if (sent !== delivered) throw new Error(`${sent} events were answered 200, but ${delivered} reached the listener`)
}
