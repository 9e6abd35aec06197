import type { SignatureOutcome } from '../../observe/channels.ts'
import type { SignatureMode } from '../../webhooks/options.ts'
import { createVerifier } from './hmac.ts'
import { reserialised } from './reserialised.ts'

export type Verdict =
  | { readonly outcome: Extract<SignatureOutcome, 'valid' | 'reserialised'>, readonly key: number, readonly bytes: Uint8Array }
  | { readonly outcome: Extract<SignatureOutcome, 'wrong'>, readonly key: null, readonly bytes: null }

/**
 * Says whether a well-formed signature is that of a body, by which of the secrets, and over which bytes: only they may be gone on
 * with. What came in may be another event than the one that was signed (`1e999` is written as `null`), or the same with blanks.
 */
export type Verify = (signature: string, body: Uint8Array) => Verdict

const WRONG: Verdict = { outcome: 'wrong', key: null, bytes: null }

export function createVerify (secrets: readonly string[], mode: SignatureMode): Verify {
  const verify = createVerifier(secrets)
  return (signature, body) => {
    const key = verify(body, signature)
    if (key >= 0) return { outcome: 'valid', key, bytes: body }
    const bytes = mode === 'either' ? reserialised(body) : undefined
    const again = bytes === undefined ? -1 : verify(bytes, signature)
    return bytes === undefined || again < 0 ? WRONG : { outcome: 'reserialised', key: again, bytes }
  }
}
