const BITS = 26

/**
 * Says of most keys that the index does not have them, without a look into it: a bit for every 64 of the keys there could be, 8 MiB.
 * With a million keys in it, it knows 98 of 100 others for new; the more it has, the fewer.
 */
export class KeyFilter {
  readonly #bits = new DataView(new ArrayBuffer(2 ** BITS / 8))

  add (key: number): void {
    const byte = byteOf(key)
    this.#bits.setUint8(byte, this.#bits.getUint8(byte) | 1 << bitOf(key))
  }

  mayHave (key: number): boolean {
    return (this.#bits.getUint8(byteOf(key)) >> bitOf(key) & 1) === 1
  }
}

/** From the first bits of a key of 32. */
function byteOf (key: number): number {
  return key >>> 32 - BITS + 3
}

/** From the next three. */
function bitOf (key: number): number {
  return key >>> 32 - BITS & 7
}
