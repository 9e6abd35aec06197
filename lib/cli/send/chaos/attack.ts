import { setTimeout } from 'node:timers/promises'
import type { SendOptions } from '../options.ts'
import type { Answer, Manner, Poster } from '../poster.ts'
import type { Source } from '../source.ts'
import { BAD_REQUEST, EXPECTED, INCOMPLETE, saidOf, UNAUTHORIZED, waitOf } from './expected.ts'
import type { Expected } from './expected.ts'
import { forge } from './forge.ts'
import type { Ledger } from './ledger.ts'
import type { Action } from './plan.ts'
import { cutAnswer, cutAt, cutBody, endEarly, inChunks } from './write.ts'

/** Told of each answer: to what, and what it had to be, if it had to be anything. */
type Hear = (answer: Answer, what: string, index: number, expected: Expected | undefined) => void

interface Parts {
  readonly options: Pick<SendOptions, 'secret' | 'timeout'>
  readonly source: Source
  readonly poster: Poster
  readonly ledger: Ledger
  readonly hear: Hear
  readonly signal: AbortSignal
}

type Of<Kind extends Action['kind']> = Action & { readonly kind: Kind }

/** How often a receiver may say that it is to be asked again. */
const PATIENCE = 10
/** Milliseconds, of which an action takes a part. */
const LONGEST = { chunk: 40, pause: 200, cut: 10 } as const

/** Makes the requests of an action, one after another but for what comes twice. */
export class Attack {
  readonly #parts: Parts

  constructor (parts: Parts) {
    this.#parts = parts
  }

  async make (action: Action): Promise<void> {
    const body = this.#parts.source(action.index)
    switch (action.kind) {
      case 'event': await this.#post(action, body); break
      case 'repeat': await this.#deliver(action, body, 'repeat'); break
      case 'truncated': await this.#truncate(action, body); break
      case 'forged': await this.#forge(action, body)
    }
  }

  async #post (action: Of<'event'>, body: Uint8Array): Promise<void> {
    const manner = action.delay === 'chunks' ? { write: inChunks(body, action.dice * LONGEST.chunk) } : {}
    if (action.delay === 'pause') await this.#sleep(action.dice * LONGEST.pause)
    if (action.cut !== undefined) await this.#cut(action, body)
    const posts = [this.#deliver(action, body, action.cut === undefined ? 'event' : 'event after a cut', manner)]
    if (action.twice) posts.push(this.#deliver(action, body, 'repeat at once'))
    await Promise.all(posts)
  }

  async #cut ({ index, lane, dice, cut }: Of<'event'>, body: Uint8Array): Promise<void> {
    const { poster, ledger, hear } = this.#parts
    if (cut === 'answer') ledger.post(index, lane, body)
    const write = cut === 'body' ? cutBody(body.subarray(0, cutAt(body, dice))) : cutAnswer(body, dice * LONGEST.cut)
    const answer = await poster.post(body, { write })
    // Whatever came: a sender whose connection breaks has not seen it.
    hear({ ...answer, label: 'cut', status: undefined }, 'cut', index, undefined)
  }

  /** Posts a body as a sender does: again, if it is told to. */
  async #deliver ({ index, lane }: Action, body: Uint8Array, what: string, manner: Manner = {}): Promise<void> {
    const { poster, ledger } = this.#parts
    await this.#persist(async () => {
      const post = ledger.post(index, lane, body)
      const answer = await poster.post(body, manner)
      const due = ledger.due(post)
      if (answer.status === 200) ledger.answer(post.entry, saidOf(answer) === 'accepted')
      return [answer, EXPECTED[due]]
    }, what, index)
  }

  async #truncate ({ index, dice, declared }: Of<'truncated'>, body: Uint8Array): Promise<void> {
    const { options, poster, ledger } = this.#parts
    const part = body.subarray(0, cutAt(body, dice))
    ledger.refuse(part, 'truncated')
    // Signed over the whole, and of its length.
    const headers = poster.headersOf(body)
    if (declared === 'whole') {
      await this.#persist(async () => [await poster.post(part, { headers, write: endEarly(part) }), INCOMPLETE], 'truncated, and ended early', index)
    } else {
      const manner = { headers: { ...headers, 'content-length': part.length } }
      const expected = options.secret === undefined ? BAD_REQUEST : UNAUTHORIZED
      await this.#persist(async () => [await poster.post(part, manner), expected], 'truncated', index)
    }
  }

  async #forge ({ index, flaw }: Of<'forged'>, body: Uint8Array): Promise<void> {
    const { options, source, poster, ledger } = this.#parts
    ledger.refuse(body, flaw)
    const headers = poster.headersOf(body, forge(flaw, String(options.secret), body, source(0)))
    await this.#persist(async () => [await poster.post(body, { headers }), UNAUTHORIZED], flaw, index)
  }

  /** Until there is an answer that is not 'later'. */
  async #persist (post: () => Promise<[Answer, Expected]>, what: string, index: number, left = PATIENCE): Promise<void> {
    const { options, hear, signal } = this.#parts
    const [answer, expected] = await post()
    const wait = waitOf(answer)
    const isLast = wait === undefined || left === 0 || signal.aborted
    hear(answer, what, index, isLast ? expected : undefined)
    if (isLast) return
    await this.#sleep(Math.min(wait, options.timeout))
    await this.#persist(post, what, index, left - 1)
  }

  async #sleep (milliseconds: number): Promise<void> {
    await setTimeout(milliseconds, undefined, { signal: this.#parts.signal }).catch(() => undefined)
  }
}
