import { SingleBar } from 'cli-progress'

export interface Progress {
  step: (isFine: boolean) => void
  stop: () => void
}

/** A bar on `stream`, if that is a terminal: cli-progress writes nothing to anything else. */
export function startProgress (stream: NodeJS.WritableStream, total: number, failure = 'not 200'): Progress {
  const bar = new SingleBar({
    stream,
    format: `[{bar}] {value}/{total} | ${failure}: {failed} | {eta_formatted} left`,
    // Of many quick answers, the latest ten would say little.
    etaBuffer: 200,
    clearOnComplete: true,
    // Cuts the bar to the terminal's width, and so needs not switch its line wrapping off, which could then stay so.
    linewrap: true
  })
  let failed = 0
  bar.start(total, 0, { failed })
  return {
    step (isFine) {
      if (!isFine) failed++
      bar.increment(1, { failed })
    },
    stop () { bar.stop() }
  }
}
