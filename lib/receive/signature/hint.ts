import { createHash, createHmac } from 'node:crypto'
import { bodyVariants } from './body-variants.ts'
import { isWellFormed, SIGNATURE_HEADER } from './hmac.ts'
import { keyVariants } from './key-variants.ts'
import type { Key } from './key-variants.ts'

/** What somebody may have sent, and how it looks in the header. */
interface Form {
  readonly what: string
  /** Of the header: others need not be tried. */
  readonly length: number
  readonly of: (key: string, body: Uint8Array) => string
}

const FORMS: readonly Form[] = [
  { what: '', length: 128, of: (key, body) => createHmac('sha512', key).update(body).digest('hex') },
  { what: 'as Base64, and not in hexadecimal', length: 88, of: (key, body) => createHmac('sha512', key).update(body).digest('base64') },
  { what: 'with SHA-256, and not SHA-512', length: 64, of: (key, body) => createHmac('sha256', key).update(body).digest('hex') },
  { what: 'with SHA-256 as Base64, and not SHA-512 in hexadecimal', length: 44, of: (key, body) => createHmac('sha256', key).update(body).digest('base64') },
  { what: 'with a plain SHA-512, and no HMAC', length: 128, of: (_key, body) => createHash('sha512').update(body).digest('hex') }
]

/**
 * Says what would have matched a signature that does not: for the log of somebody who is setting things up. It names no key and
 * quotes nothing of the body. Without a body, it is one that is too large to be looked at.
 */
export function hintOn (header: string | undefined, body: Uint8Array | undefined, own: readonly string[], others: readonly Key[]): string {
  if (header === undefined) return `There is no header ${SIGNATURE_HEADER}: the sender does not sign, or something in between has removed it.`
  const match = body && matchOf(header, body, [...own.flatMap(keyVariants), ...others])
  if (match !== undefined) return `The signature would be right ${match}.`
  if (!isWellFormed(header)) return `The header ${SIGNATURE_HEADER} is not 128 hexadecimal digits: it has ${header.length} characters.`
  if (body === undefined) return 'The signature is not valid, and the body is too large to see why: post one of 16 KiB at most.'
  return 'The signature is none with a key that is set here: the sender has another one, or something in between has changed the body.'
}

function matchOf (header: string, body: Uint8Array, keys: readonly Key[]): string | undefined {
  const given = header.trim().replace(/^sha(?:256|512)=/i, '')
  const forms = FORMS.filter(({ length }) => length === given.length)
  if (forms.length === 0) return undefined
  const prefix = given === header ? '' : 'without what is around the digits'
  for (const variant of bodyVariants(body)) {
    for (const key of keys) {
      const form = forms.find(({ of }) => isSame(of(key.key, variant.body), given))
      if (form !== undefined) return [prefix, form.what, key.what, variant.what].filter((part) => part !== '').join(', and ')
    }
  }
  return undefined
}

/** Hexadecimal digits may be in capitals. */
function isSame (digest: string, given: string): boolean {
  return digest === given || digest === given.toLowerCase()
}
