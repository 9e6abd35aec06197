import type { SignatureOutcome } from './channels.ts'
import type { Intake } from './intake.ts'
import { createVerifier, isWellFormed } from './signature.ts'

export interface Verdict {
  readonly outcome: SignatureOutcome
  /** The place of the secret that matched; null if none did. */
  readonly key: number | null
}

/** Says whether what a request has as its signature is one. */
export type Judge = (header: unknown, bytes: Uint8Array) => Verdict

export function createJudge (secrets: readonly string[], intake: Pick<Intake, 'serialiseAgain'>): Judge {
  const verify = createVerifier(secrets)
  return (header, bytes) => {
    if (!isWellFormed(header)) return { outcome: header === undefined ? 'missing' : 'malformed', key: null }
    const key = verify(bytes, header)
    if (key >= 0) return { outcome: 'valid', key }
    // OneRoute's own sample signs JSON.stringify(req.body), which may differ from what it sent.
    const serialised = intake.serialiseAgain(bytes)
    const again = serialised === undefined ? -1 : verify(serialised, header)
    return again >= 0 ? { outcome: 'reserialised', key: again } : { outcome: 'wrong', key: null }
  }
}
