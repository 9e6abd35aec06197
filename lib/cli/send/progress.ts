import { SingleBar } from 'cli-progress'
import type { Answer } from './poster.ts'

export interface Progress {
  step: (answer: Answer) => void
  stop: () => void
}

/** A bar on `stream`, if that is a terminal: cli-progress writes nothing to anything else. */
export function startProgress (stream: NodeJS.WritableStream, total: number): Progress {
  const bar = new SingleBar({
    stream,
    format: '[{bar}] {value}/{total} | not 200: {failed} | {eta_formatted} left',
    // Of many quick answers, the latest ten would say little.
    etaBuffer: 200,
    clearOnComplete: true,
    // Cuts the bar to the terminal's width, and so needs not switch its line wrapping off, which could then stay so.
    linewrap: true
  })
  let failed = 0
  bar.start(total, 0, { failed })
  return {
    step ({ status }) {
      if (status !== 200) failed++
      bar.increment(1, { failed })
    },
    stop () { bar.stop() }
  }
}
