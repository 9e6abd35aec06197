/** Milliseconds between two lines of progress if the output is not a terminal. */
const PERIOD = 15_000

/** What a run says while it goes on. */
export class Progress {
  #shownAt = 0

  /** On a terminal, on a line that the next one takes the place of; otherwise on lines of their own, and now and then. */
  show (text: string): void {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
    else if (performance.now() - this.#shownAt > PERIOD) {
      this.#shownAt = performance.now()
      process.stderr.write(`${new Date().toISOString()} ${text}\n`)
    }
  }

  end (): void {
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
  }
}
