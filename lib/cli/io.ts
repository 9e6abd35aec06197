import type { Readable } from 'node:stream'

/** What a command has of the process: given to it, so that it can be run by a test. */
export interface Io {
  readonly stdin: Readable
  readonly stdout: NodeJS.WritableStream
  readonly stderr: NodeJS.WritableStream
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
}
