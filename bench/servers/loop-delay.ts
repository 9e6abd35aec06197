/** Milliseconds: no timer of Node's is finer, and so is no sample. */
const TICK = 1

let delays: number[] = []
let timer: NodeJS.Timeout | undefined

/**
 * Samples how long the event loop keeps others waiting: by how much a timer is late that fires every millisecond, in
 * microseconds. Not `monitorEventLoopDelay`: its histogram cannot be joined with those of other turns and processes, and what
 * it samples with `samplePerIteration` leaves the callbacks of sockets out, unless a timer is due.
 */
export function startSampling () {
  delays = []
  let last = performance.now()
  timer = setInterval(() => {
    const now = performance.now()
    delays.push(Math.round((now - last - TICK) * 1_000))
    last = now
  }, TICK)
}

export function stopSampling () {
  clearInterval(timer)
}

export function loopDelays () {
  return delays
}
