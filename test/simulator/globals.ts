import { syncBuiltinESMExports } from 'node:module'
import timersPromises from 'node:timers/promises'
import { SimulatedTimer } from './clock.ts'
import type { Clock } from './clock.ts'

type Callback = (...args: unknown[]) => void

/** The clock and the random numbers of the schedule that runs. */
interface Time {
  readonly clock: Clock
  random (): number
}

const real = {
  globals: {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    setInterval: globalThis.setInterval,
    clearInterval: globalThis.clearInterval,
    setImmediate: globalThis.setImmediate,
    clearImmediate: globalThis.clearImmediate,
    Date: globalThis.Date
  },
  now: performance.now.bind(performance),
  random: Math.random,
  promises: { setTimeout: timersPromises.setTimeout, setImmediate: timersPromises.setImmediate }
}

/** Settles once everything has run that only waits for promises: a turn of Node's own loop, and not of the simulated one. */
export async function turn (): Promise<void> {
  await new Promise((resolve) => { real.globals.setImmediate(resolve) })
}

/** Simulates everything that tells the time or waits for it, until the returned function is called. */
export function simulateTime (time: () => Time): () => void {
  const clear = (timer: unknown) => {
    if (timer instanceof SimulatedTimer) time().clock.clear(timer)
    else real.globals.clearTimeout(timer as NodeJS.Timeout) // somebody else's, from before
  }
  Object.assign(globalThis, {
    setTimeout: (callback: Callback, delay?: number, ...args: unknown[]) => time().clock.setTimeout(callback, delay, args),
    setInterval: (callback: Callback, delay?: number, ...args: unknown[]) => time().clock.setInterval(callback, delay, args),
    setImmediate: (callback: Callback, ...args: unknown[]) => time().clock.setImmediate(callback, args),
    clearTimeout: clear,
    clearInterval: clear,
    clearImmediate: clear,
    Date: simulatedDate(time)
  })
  performance.now = () => time().clock.now
  Math.random = () => time().random()
  Object.assign(timersPromises, simulatedPromises(time))
  syncBuiltinESMExports()
  return () => {
    Object.assign(globalThis, real.globals)
    performance.now = real.now
    Math.random = real.random
    Object.assign(timersPromises, real.promises)
    syncBuiltinESMExports()
  }
}

function simulatedDate (time: () => Time): DateConstructor {
  const { Date } = real.globals
  return new Proxy(Date, {
    construct: (target, args: unknown[]) => Reflect.construct(target, args.length === 0 ? [time().clock.date()] : args) as Date,
    get: (target, key) => key === 'now' ? () => time().clock.date() : Reflect.get(target, key) as unknown
  })
}

/** `node:timers/promises`, as far as it is used. */
function simulatedPromises (time: () => Time) {
  return {
    setImmediate: async (value: unknown) => await new Promise((resolve) => { time().clock.setImmediate(resolve, [value]) }),
    setTimeout: async (delay: number, value: unknown, { signal }: { signal?: AbortSignal } = {}) => await new Promise((resolve, reject) => {
      const { clock } = time()
      const timer = clock.setTimeout(resolve, delay, [value], 'sleep')
      const abort = () => {
        clock.clear(timer)
        reject(new Error('The operation was aborted', { cause: signal?.reason }))
      }
      if (signal?.aborted === true) abort()
      else signal?.addEventListener('abort', abort)
    })
  }
}
