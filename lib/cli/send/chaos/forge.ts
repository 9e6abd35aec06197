import { createSigner } from '../../../receive/signature/hmac.ts'
import type { Flaw } from './plan.ts'

/** A signature that must not be taken for one of the body, or null for none at all. */
export function forge (flaw: Flaw, secret: string, body: Uint8Array, another: Uint8Array): string | null {
  const sign = createSigner(secret)
  switch (flaw) {
    case 'wrong key': return createSigner(`not ${secret}`)(body)
    case 'no signature': return null
    case 'malformed signature': return sign(body).slice(1)
    case 'signature of another body': return sign(another)
  }
}
