import type { FastifyInstance, FastifyRequest } from 'fastify'
import { BadSignatureError } from '../../errors/errors.ts'
import type { ReceiveReporter } from '../../observe/receive-reporter.ts'
import type { ResolvedOptions } from '../../webhooks/options.ts'
import { Explainer } from './explain.ts'
import { isWellFormed, SIGNATURE_HEADER } from './hmac.ts'
import { registerKeys } from './registered-keys.ts'
import { createVerify } from './verify.ts'
import type { Verify } from './verify.ts'

type Request = Pick<FastifyRequest, 'headers' | 'log'>

/** Refuses what is not signed: a header that cannot be right before the body is read, and a wrong one after that. */
export class SignatureCheck {
  readonly #verify: Verify
  readonly #reporter: ReceiveReporter
  /** Not in production: it is for somebody who is setting things up. */
  readonly #explainer: Explainer | undefined

  constructor (scope: FastifyInstance, { secrets, signature, path }: ResolvedOptions, reporter: ReceiveReporter) {
    const others = registerKeys(scope, secrets, path)
    this.#verify = createVerify(secrets, signature)
    this.#reporter = reporter
    this.#explainer = process.env.NODE_ENV === 'production' ? undefined : new Explainer(secrets, others)
  }

  /** Returns an error if there is no header, or one that is no signature. */
  ofHeader (request: Request & Pick<FastifyRequest, 'raw'>): Error | undefined {
    const header = headerOf(request)
    if (header !== undefined && isWellFormed(header)) return undefined
    const say = sayIn(request)
    if (header === undefined) this.#explainer?.explain(header, NO_BODY, say)
    else this.#explainer?.explainLater(header, request.raw, say)
    this.#reporter.signatureChecked(header === undefined ? 'missing' : 'malformed', null)
    return new BadSignatureError()
  }

  /** Returns the bytes that were signed, which need not be those that came in. */
  ofBody (request: Request, body: Uint8Array): Uint8Array {
    const header = headerOf(request)
    if (header === undefined || !isWellFormed(header)) { // a hook of the host has changed it since
      this.#reporter.signatureChecked('malformed', null)
      throw new BadSignatureError()
    }
    const { outcome, key, bytes } = this.#verify(header, body)
    this.#reporter.signatureChecked(outcome, key)
    if (bytes !== null) return bytes
    this.#explainer?.explain(header, body, sayIn(request))
    throw new BadSignatureError()
  }
}

const NO_BODY = new Uint8Array(0)

/** One that is there twice is malformed, as 'aa, bb' is. */
function headerOf ({ headers }: Request): string | undefined {
  const header = headers[SIGNATURE_HEADER]
  return header === undefined ? undefined : String(header)
}

function sayIn ({ log }: Request): (hint: string) => void {
  return (hint) => { log.warn({ hint }, 'a signature is not valid') }
}
