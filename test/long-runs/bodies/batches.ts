import { setTimeout } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import fc from '../../helpers/property.ts'
import { createPoster } from '../../../lib/cli/send/poster.ts'
import type { Scope } from '../../helpers/scope.ts'
import { receiptOf, wrongAnswer, wrongDelivery } from './check.ts'
import type { Answer } from './check.ts'
import type { Receiver } from './receiver.ts'
import { expectedOf, requests } from './requests.ts'
import type { Expected, Request } from './requests.ts'

/** How often each kind of answer was given. */
export type Answered = Map<string, number>

/** Every tenth batch comes over sockets. */
const SOCKETS = 10
/** Milliseconds: how long an answer, or what was accepted, may take. */
const PATIENCE = 60_000
/** Characters of a body that are printed, in base64. */
const SHOWN = 4_000

const KINDS = new Set([400, 401, 413, 415])

/** Requests of a seed, a batch at a time, whose answers and deliveries are checked. */
export class Batches {
  posted = 0
  overSockets = 0
  delivered = 0
  readonly all: Answered = new Map()
  readonly problems: string[] = []
  #batch = 0
  #answered: Answered = new Map()
  /** The ids of what was accepted. */
  readonly #known = new Set<string>()
  readonly #seed: number
  readonly #scope: Scope
  readonly #posters = new Map<Receiver, ReturnType<typeof createPoster>>()

  constructor (scope: Scope, seed: number) {
    this.#scope = scope
    this.#seed = seed
    const fail = (error: unknown) => { this.problems.push(`nobody caught: ${String(error)}`) }
    for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
      process.on(event, fail)
      scope.teardown(() => { process.off(event, fail) })
    }
  }

  /** How often each kind was answered since this was last asked. */
  taken (): Answered {
    const answered = this.#answered
    this.#answered = new Map()
    return answered
  }

  expectSame (before: unknown, after: unknown): void {
    if (!isDeepStrictEqual(before, after)) this.problems.push('a prototype was changed')
  }

  async post (receiver: Receiver, count: number): Promise<void> {
    const overSocket = this.#batch % SOCKETS === 0
    const sample = fc.sample(requests, { seed: this.#seed + this.#batch, numRuns: count })
    const expected = sample.map((request) => expectedOf(request, receiver.signed))
    const answers = await Promise.all(sample.map(async (request) => overSocket ? await this.#overSocket(receiver, request) : await inject(receiver, request)))
    for (const [i, answer] of answers.entries()) this.#judge(sample[i], wrongAnswer(answer, expected[i] ?? NOTHING))
    await this.#judgeDeliveries(receiver, sample, expected, answers)
    this.posted += count
    if (overSocket) this.overSockets += count
    this.#batch++
  }

  async #overSocket (receiver: Receiver, { body, headers }: Request): Promise<Answer> {
    const poster = this.#posters.get(receiver) ?? createPoster({ to: receiver.url, secret: undefined, timeout: PATIENCE, concurrency: 50 }, new AbortController().signal)
    if (!this.#posters.has(receiver)) this.#scope.teardown(() => { poster.close() })
    this.#posters.set(receiver, poster)
    return await poster.post(body, { headers: body.length % 2 === 0 ? headers : { ...headers, 'content-length': body.length } }) // the others are chunked
  }

  async #judgeDeliveries (receiver: Receiver, sample: readonly Request[], expected: readonly Expected[], answers: readonly Answer[]): Promise<void> {
    const receipts = answers.map(receiptOf)
    const times = new Map<string, number>()
    for (const [i, answer] of answers.entries()) {
      const receipt = receipts[i]
      this.#count(receipt === undefined ? KINDS.has(answer.status ?? 0) ? String(answer.status) : 'other' : `200 ${receipt.status}`)
      if (receipt !== undefined && receipt.status !== 'duplicate') times.set(receipt.id, (times.get(receipt.id) ?? 0) + 1)
    }
    await this.#allHeard(receiver, times)
    for (const id of times.keys()) this.#known.add(id)
    for (const [i, receipt] of receipts.entries()) {
      if (receipt === undefined) continue
      const { id } = receipt
      if (!this.#known.has(id)) this.#judge(sample[i], 'said to be a duplicate, and nobody has accepted it')
      this.#judge(sample[i], wrongDelivery(expected[i] ?? NOTHING, times.get(id) ?? 0, receiver.heard.get(id) ?? [], receiver.added.get(id)))
    }
    for (const id of receiver.heard.keys()) if (!times.has(id)) this.#judge(undefined, `${id} was delivered, and not accepted`)
    this.delivered += [...receiver.heard.values()].flat().length
    receiver.heard = new Map()
    receiver.added = new Map()
  }

  async #allHeard ({ heard }: Receiver, times: ReadonlyMap<string, number>): Promise<void> {
    const deadline = performance.now() + PATIENCE
    const isHeard = () => [...times].every(([id, count]) => (heard.get(id)?.length ?? 0) >= count)
    while (!isHeard() && performance.now() < deadline) await setTimeout(1)
  }

  #count (kind: string): void {
    for (const counts of [this.all, this.#answered]) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }

  #judge (request: Request | undefined, problem: string | undefined): void {
    if (problem === undefined) return
    const what = request === undefined ? '' : `; headers ${JSON.stringify(request.headers)}, body in base64 ${request.body.toString('base64').slice(0, SHOWN)}`
    this.problems.push(`batch ${this.#batch}: ${problem}${what}`)
  }
}

const NOTHING: Expected = { statuses: [], event: undefined, bytes: Buffer.of() }

async function inject ({ app, url }: Receiver, { body, headers }: Request): Promise<Answer> {
  const { statusCode, payload } = await app.inject({ method: 'POST', url: url.pathname, headers, payload: body })
  return { status: statusCode, detail: payload }
}
