import { readFileSync, writeFileSync } from 'node:fs'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { Mark } from './marks.ts'

/** The database, in the folder of an inbox. */
export const FILE = 'inbox.db'

/** One thing that a process did in the folder of the inbox. A file is a number: its name can be given to another one. */
export type Operation =
  | { readonly kind: 'create', readonly name: string, readonly file: number }
  | { readonly kind: 'remove', readonly name: string }
  | { readonly kind: 'write', readonly file: number, readonly offset: number, readonly bytes: Buffer }
  | { readonly kind: 'truncate', readonly file: number, readonly length: number }
  | { readonly kind: 'sync', readonly file: number }
  | { readonly kind: 'syncFolder' }
  /** Nothing that the disk knows of: what the app had been told by then, or was about to ask. */
  | { readonly kind: 'mark', readonly mark: Mark }

export interface Recording {
  /** The files that were there before, all of them synced. Their numbers are their places here, from 0. */
  readonly before: ReadonlyArray<{ readonly name: string, readonly content: Buffer }>
  readonly operations: readonly Operation[]
  /** What is known of these files. */
  readonly past: Past
}

/** What had happened before a power loss after which it goes on. */
export interface Past {
  readonly marks: readonly Mark[]
  /** What the tables had until then: see `contentsOf`. */
  readonly known: readonly string[]
}

/** Writes a recording that `read` reads. */
export function save (path: string, recording: Recording): void {
  const json = JSON.stringify(recording, (_, value: unknown) => isJsonBuffer(value) ? { base64: Buffer.from(value.data).toString('base64') } : value)
  writeFileSync(path, gzipSync(json, { level: 9 }))
}

export function read (path: string): Recording {
  const json = gunzipSync(readFileSync(path)).toString()
  return JSON.parse(json, (_, value: unknown) => isBase64(value) ? Buffer.from(value.base64, 'base64') : value) as Recording // as `save` has written it
}

/** What `JSON.stringify` makes of a Buffer before it asks. */
function isJsonBuffer (value: unknown): value is { data: number[] } {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' && 'data' in value
}

function isBase64 (value: unknown): value is { base64: string } {
  return typeof value === 'object' && value !== null && 'base64' in value && typeof value.base64 === 'string'
}
