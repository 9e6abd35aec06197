import { openLoad, type Load } from './load.ts'
import type { WebhookRequest } from './requests.ts'
import { startServer, type ServerProcess } from './server-process.ts'
import { percentile } from './statistics.ts'
import type { Variant } from './variants.ts'

/** What one turn of load showed. Times in microseconds. */
export interface Slice {
  requests: number
  wall: number
  cpu: number
  latency: { p50: number, p99: number }
}

/** A running server with its connections. */
export interface Contestant {
  variant: Variant
  take: (requests: WebhookRequest[]) => Promise<Slice>
  stop: () => Promise<void>
}

export async function startContestant (variant: Variant): Promise<Contestant> {
  const server = await startServer(variant.name)
  const load = openLoad(server.port)

  return {
    variant,
    take: (requests) => takeTurn(server, load, requests).catch((cause: unknown) => {
      throw new Error(`server ${variant.name} failed`, { cause })
    }),
    stop: async () => {
      await load.close()
      await server.stop()
    }
  }
}

/** The server is idle before, and has answered everything after: all that it does for these requests is between the two. */
async function takeTurn (server: ServerProcess, load: Load, requests: WebhookRequest[]): Promise<Slice> {
  const before = await server.usage()
  const startedAt = performance.now()
  const latencies = await load.send(requests)
  const wall = (performance.now() - startedAt) * 1_000
  const after = await server.usage()
  assertDelivered(requests.length, after.events - before.events)
  const latency = { p50: percentile(latencies, 0.5) * 1_000, p99: percentile(latencies, 0.99) * 1_000 }
  return { requests: requests.length, wall, cpu: after.cpu - before.cpu, latency }
}

/** A server that answers 200 and drops events would be quick. */
function assertDelivered (sent: number, delivered: number) {
  if (sent !== delivered) throw new Error(`${sent} events were answered 200, but ${delivered} reached the listener`)
}
