/** What one turn of load showed. Times in microseconds. */
export interface Slice {
  requests: number
  /** From the first request until the server had nothing left to do. */
  wall: number
  /** Of all the server's threads, for all that these requests gave it to do. */
  cpu: number
  /** Of the other processes that had a part in it, such as a database's, for the same. */
  others: number
  latency: { p50: number, p99: number }
  /** Samples of the delay of the server's event loop, one a millisecond. */
  loopDelays: number[]
  /** Bytes that the server had in memory after it. */
  memory: number
}

export function cost ({ cpu, requests }: Slice) {
  return cpu / requests
}

export function speed ({ requests, wall }: Slice) {
  return requests / wall * 1_000_000
}
