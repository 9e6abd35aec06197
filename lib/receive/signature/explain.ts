import { performance } from 'node:perf_hooks'
import type { Readable } from 'node:stream'
import { hintOn } from './hint.ts'
import type { Key } from './key-variants.ts'

/** Between two hints, in milliseconds: each takes a hundred hashes of a body that anybody may send. */
const EVERY = 1_000
/** Of a body that a hint looks at, in bytes. */
const MOST = 16_384

/** Says what would have matched a signature that is not valid; nothing if it has just said so of another. */
export class Explainer {
  readonly #secrets: readonly string[]
  readonly #others: () => readonly Key[]
  readonly #now: () => number
  #last = -Infinity

  constructor (secrets: readonly string[], others: () => readonly Key[], now: () => number = () => performance.now()) {
    this.#secrets = secrets
    this.#others = others
    this.#now = now
  }

  /** Of a request that has arrived. */
  explain (header: string | undefined, body: Uint8Array, say: (hint: string) => void): void {
    if (this.#isTime()) say(this.#hint(header, body.length > MOST ? undefined : body))
  }

  /** Of a request that is refused at once: what arrives of it after that is looked at here, and no answer waits for it. */
  explainLater (header: string, request: Readable, say: (hint: string) => void): void {
    if (this.#isTime()) readSmall(request, (body) => { say(this.#hint(header, body)) })
  }

  #isTime (): boolean {
    const time = this.#now()
    if (time - this.#last < EVERY) return false
    this.#last = time
    return true
  }

  #hint (header: string | undefined, body: Uint8Array | undefined): string {
    return hintOn(header, body, this.#secrets, this.#others())
  }
}

/** Reads all that comes, as Node would do if nobody did, and gives it away in the end if it is small. */
function readSmall (stream: Readable, use: (body: Uint8Array | undefined) => void): void {
  const chunks: Buffer[] = []
  let length = 0
  stream.on('data', (chunk: Buffer) => {
    length += chunk.length
    if (length <= MOST) chunks.push(chunk)
    else chunks.length = 0
  })
  stream.on('end', () => { use(length > MOST ? undefined : Buffer.concat(chunks)) })
}
