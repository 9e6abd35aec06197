import type { Server } from 'node:http'
import { workDone } from './work.ts'

/** What a server process tells about itself: everything since its start. */
export interface Usage {
  /** Microseconds on a processor, user and system, of all threads: the operating system's accounting. */
  cpu: number
  /** Events that reached the listener. */
  events: number
}

/** Tells the parent process where the server listens, and then its usage whenever it is asked. */
export function report (server: Server) {
  // Fastify's default, for all: Node's own is shorter than a server's rest between two slices, and the slow variants would
  // pay for new connections that the quick ones never need.
  server.keepAliveTimeout = 72_000
  process.on('message', () => process.send?.(usage()))
  // The parent is gone, however it went.
  process.on('disconnect', () => process.exit())
  process.send?.(port(server))
}

function usage (): Usage {
  const { userCPUTime, systemCPUTime } = process.resourceUsage()
  return { cpu: userCPUTime + systemCPUTime, events: workDone().events }
}

function port (server: Server) {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a port')
  return address.port
}
