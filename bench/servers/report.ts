import type { Server } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { loopDelays, startSampling, stopSampling } from './loop-delay.ts'
import { workDone } from './work.ts'

/** What a server process tells about itself. */
export interface Usage {
  /** Since its start, microseconds on a processor, user and system, of all threads: the operating system's accounting. */
  cpu: number
  /** Since its start, the events that reached the listener. */
  events: number
  /** Of the turn, samples of the event loop's delay in microseconds. */
  loopDelays: number[]
  /** Bytes now. Not the most there ever were: that figure is inherited from the process that starts another. */
  memory: number
}

/** A turn begins, or is to end with so many events in all. */
export type Question = { kind: 'begin' } | { kind: 'end', events: number }

interface Options {
  /** Settles when nothing is left to do for events that have reached the listener. */
  idle?: () => Promise<void>
}

/** How often a server looks whether its events have arrived that answers before, and for how long, in milliseconds. */
const POLL = 1
const PATIENCE = 10_000

/** Tells the parent process where the server listens, and then its usage at the begin and the end of every turn. */
export function report (server: Server, { idle = async () => {} }: Options = {}) {
  // Fastify's default, for all: Node's own is shorter than a server's rest between two slices, and the slow variants would
  // pay for new connections that the quick ones never need.
  server.keepAliveTimeout = 72_000
  process.on('message', (question: Question) => { void answer(question, idle) })
  // The parent is gone, however it went.
  process.on('disconnect', () => process.exit())
  process.send?.(port(server))
}

async function answer (question: Question, idle: () => Promise<void>) {
  if (question.kind === 'begin') {
    startSampling()
  } else {
    await reached(question.events)
    await idle()
    stopSampling()
  }
  process.send?.(usage())
}

async function reached (events: number) {
  const deadline = performance.now() + PATIENCE
  while (workDone().events < events && performance.now() < deadline) await setTimeout(POLL)
}

function usage (): Usage {
  const { userCPUTime, systemCPUTime } = process.resourceUsage()
  return {
    cpu: userCPUTime + systemCPUTime,
    events: workDone().events,
    loopDelays: loopDelays(),
    memory: process.memoryUsage.rss()
  }
}

function port (server: Server) {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a port')
  return address.port
}
