import { createHmac } from 'node:crypto'
import fc, { runs } from '../../helpers/property.ts'
import { test } from 'tap'
import { createSigner, createVerifier, isWellFormed, SIGNATURE_HEADER } from '../../../lib/receive/signature/hmac.ts'

const SECRET = 'a key'

const digestOf = (key: string, body: Uint8Array) => createHmac('sha512', key).update(body).digest('hex')

for (const length of [0, 1, 4_095, 4_096, 4_097, 8_192, 8_449, 300_000]) {
  test(`a signer signs ${length} bytes, and after that a few`, (t) => {
    const signer = createSigner(SECRET)
    for (const body of [Buffer.alloc(length, 'b'), Buffer.from('few'), Buffer.alloc(length, 'c')]) {
      t.equal(signer(body), digestOf(SECRET, body))
    }
    t.end()
  })
}

for (const length of [1, 127, 128, 129, 300]) {
  test(`a key may be ${length} bytes long`, (t) => {
    const key = 'k'.repeat(length)
    t.equal(createSigner(key)(Buffer.from('a body')), digestOf(key, Buffer.from('a body')))
    t.end()
  })
}

test('a signer takes a new buffer only for a body that does not fit into the one that it has', (t) => {
  const sign = createSigner(SECRET)
  sign(Buffer.alloc(100)) // with the block of the key, half of what it has then
  const made = t.capture(Buffer, 'concat', Buffer.concat.bind(Buffer))
  for (const length of [0, 100, 328]) sign(Buffer.alloc(length))
  t.same(made(), [])
  sign(Buffer.alloc(329))
  t.equal(made().length, 1)
  t.end()
})

test('signers and verifiers of several keys do not disturb each other', (t) => {
  const keys = ['a', 'b', 'c'.repeat(200)]
  const signers = keys.map(createSigner)
  const verify = createVerifier(keys)
  for (let round = 0; round < 3; round++) {
    for (const [i, key] of keys.entries()) {
      const body = Buffer.from(`${round} ${key}`)
      t.equal(signers[i]?.(body), digestOf(key, body))
      t.equal(verify(body, digestOf(key, body)), i)
      t.equal(verify(body, digestOf('d', body)), -1)
    }
  }
  t.end()
})

test('a signature is 128 hexadecimal digits in a header of its own', (t) => {
  const digits = '0123456789abcdefABCDEF'.padEnd(128, '0')
  t.ok(isWellFormed(digits))
  for (const bad of ['', digits.slice(1), `${digits}0`, `${digits}, ${digits}`, ` ${digits}`, `${digits}\n`, digits.replace('0', 'g')]) t.notOk(isWellFormed(bad), bad)
  t.equal(SIGNATURE_HEADER, 'x-oneroute-signature')
  t.end()
})

test('a signer is HMAC-SHA512 for any key, and for bodies that grow and shrink', (t) => {
  const keys = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }), // lone surrogates included
    fc.integer({ min: 120, max: 136 }).map((length) => 'k'.repeat(length))) // about the size of a block
  const bodies = fc.array(fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.tuple(fc.integer({ min: 0, max: 20_000 }), fc.nat(255)).map(([length, byte]) => new Uint8Array(length).fill(byte))
  ), { minLength: 1, maxLength: 8 })
  const property = fc.property(keys, bodies, (key, bodies) => {
    const signer = createSigner(key)
    return bodies.every((body) => signer(body) === digestOf(key, body))
  })
  t.doesNotThrow(() => { fc.assert(property, runs(300)) })
  t.end()
})
