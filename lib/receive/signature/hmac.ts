import { createHash, timingSafeEqual } from 'node:crypto'
import { hash } from '../../events/hash.ts'

/** The header that carries the signature: HMAC-SHA512 of the body with the account's secret key, in hexadecimal. */
export const SIGNATURE_HEADER = 'x-oneroute-signature'

const BLOCK_BYTES = 128 // of SHA-512, RFC 2104's "B"
const DIGEST_BYTES = 64
const WELL_FORMED = /^[0-9a-f]{128}$/i

/** Returns the HMAC-SHA512 of a body, as hexadecimal digits. */
type Signer = (body: Uint8Array) => string

/**
 * HMAC-SHA512 with one key, as two one-shot hashes (RFC 2104): `createHmac` makes an object for every call, whose garbage
 * costs a busy server more than the hashing does.
 */
export function createSigner (key: string): Signer {
  const outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES)
  const innerPad = Buffer.alloc(BLOCK_BYTES)
  keyBlock(key).forEach((byte, i) => {
    innerPad[i] = byte ^ 0x36
    outer[i] = byte ^ 0x5c
  })
  let inner = innerPad

  return function sign (body) {
    const length = BLOCK_BYTES + body.length
    if (length > inner.length) inner = Buffer.concat([innerPad], length * 2)
    inner.set(body, BLOCK_BYTES)
    // 'binary' gives the digest as a string, which is cheaper to make than a Buffer.
    outer.write(hash('sha512', inner.subarray(0, length), 'binary'), BLOCK_BYTES, 'binary')
    return hash('sha512', outer, 'hex')
  }
}

function keyBlock (key: string): Buffer {
  const bytes = Buffer.from(key)
  const fitting = bytes.length > BLOCK_BYTES ? createHash('sha512').update(bytes).digest() : bytes
  return Buffer.concat([fitting], BLOCK_BYTES)
}

/** Whether a header is a whole digest: a duplicate one arrives as 'aa, bb', and bad digits written as 'hex' stop in silence. */
export function isWellFormed (header: string): boolean {
  return WELL_FORMED.test(header)
}

/** Tells by which of the secrets a well-formed signature is that of `body`: its place, or -1. */
type Verifier = (body: Uint8Array, signature: string) => number

/** Compares in constant time. */
export function createVerifier (secrets: readonly string[]): Verifier {
  const signers = secrets.map(createSigner)
  const given = Buffer.alloc(DIGEST_BYTES)
  const wanted = Buffer.alloc(DIGEST_BYTES)

  return function verify (body, signature) {
    given.write(signature, 'hex')
    return signers.findIndex((sign) => {
      wanted.write(sign(body), 'hex')
      return timingSafeEqual(given, wanted)
    })
  }
}
