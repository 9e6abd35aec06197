import type { Torn, Write } from './disk.ts'

/** What was on the disk before: of another file, of another time. */
const GARBAGE = 0xa5

/** A file while changes are made to it. */
export class Draft {
  /** With room for more. What is behind the end is zero. */
  #bytes: Buffer
  #length: number

  constructor (content: Buffer) {
    this.#bytes = Buffer.from(content)
    this.#length = content.length
  }

  get content (): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  resize (length: number, fill = 0): void {
    if (length > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes], length * 2)
    if (length > this.#length) this.#bytes.fill(fill, this.#length, length)
    else this.#bytes.fill(0, length, this.#length)
    this.#length = length
  }

  write (offset: number, bytes: Buffer): void {
    this.resize(Math.max(this.#length, offset + bytes.length))
    bytes.copy(this.#bytes, offset)
  }

  /** Only some of its sectors. */
  tear ({ offset, bytes }: Write, { sector, kept, rest }: Torn): void {
    const end = offset + bytes.length
    if (rest !== 'nothing') this.resize(Math.max(this.#length, end), rest === 'zeros' ? 0 : GARBAGE)
    const first = Math.floor(offset / sector)
    for (let number = first; number * sector < end; number++) {
      if (!kept(number - first)) continue
      const from = Math.max(offset, number * sector)
      this.write(from, bytes.subarray(from - offset, Math.min(end, (number + 1) * sector) - offset))
    }
  }
}
