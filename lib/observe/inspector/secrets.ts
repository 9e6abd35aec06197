import { REDACTED } from './page-constants.ts'

/** Shorter texts are hidden only if they are all that there is: they stand in too many others by chance. */
const SHORTEST = 3
/** So many characters in a row are taken for a part of a longer text: what JSON.parse quotes of what it was given is not much longer. */
const RUN = 8
/** More than this, or longer in all, would take too long to be looked for: then nothing is shown that it may stand in. */
const MOST_VALUES = 10_000
const LONGEST = 16_384

/** The texts and numbers in some values, to be found again in other texts. */
export class Secrets {
  /** In all the ways in which they are likely to be written, in small letters. */
  readonly #texts = new Set<string>()
  #values = 0
  #length = 0
  #runs: Set<string> | undefined

  constructor (values: readonly unknown[]) {
    for (const text of textsIn(values)) {
      this.#length += text.length
      if (++this.#values > MOST_VALUES) break
      for (const way of waysToWrite(text)) this.#texts.add(folded(way))
    }
  }

  /** Whether a text has one of them in it, or is a part of one. */
  areIn (text: string): boolean {
    if (this.#values > MOST_VALUES) return true
    const searched = folded(text)
    if (this.#texts.has(searched)) return true
    for (const secret of this.#texts) {
      if (secret.length >= SHORTEST && placesOf(secret, searched).length > 0) return true
      if (searched.length >= RUN && secret.includes(searched)) return true
    }
    return false
  }

  /** A text without any of them, and without parts of them that are long enough. */
  removedFrom (text: string): string {
    if (this.#values > MOST_VALUES || this.#length > LONGEST || this.#texts.has(folded(text))) return REDACTED
    const hidden = this.#hiddenOf(folded(text))
    let shown = ''
    for (let start = 0, end = 0; start < text.length; start = end) {
      end = hidden.indexOf(hidden[start] === 1 ? 0 : 1, start)
      if (end < 0) end = text.length
      shown += hidden[start] === 1 ? REDACTED : text.slice(start, end)
    }
    return shown
  }

  /** Which characters of a text are not to be shown. */
  #hiddenOf (text: string): Uint8Array {
    const hidden = new Uint8Array(text.length)
    for (const secret of this.#texts) {
      if (secret.length < SHORTEST || secret.length >= RUN) continue
      for (const at of placesOf(secret, text)) hidden.fill(1, at, at + secret.length)
    }
    this.#runs ??= runsOf(this.#texts)
    for (let at = 0; at + RUN <= text.length; at++) if (this.#runs.has(text.slice(at, at + RUN))) hidden.fill(1, at, at + RUN)
    return hidden
  }
}

/** Not by recursion: values may be nested more deeply than calls may. */
function * textsIn (values: readonly unknown[]): Generator<string, undefined> {
  const left = [...values]
  while (left.length > 0) {
    const value = left.pop()
    if ((typeof value === 'string' && value !== '') || typeof value === 'number') yield String(value)
    else if (typeof value === 'object' && value !== null) for (const field of Object.values(value)) left.push(field)
  }
}

/** As it is, in an address, and in JSON. */
function waysToWrite (text: string): string[] {
  return [text, encodeURIComponent(text.toWellFormed()), JSON.stringify(text).slice(1, -1)]
}

/** In small letters, each at the place where it was. */
function folded (text: string): string {
  return text.replace(/\p{Lu}/gu, (letter) => {
    const small = letter.toLowerCase()
    return small.length === letter.length ? small : letter
  })
}

/** Where a text stands in another. A short one counts only as words of its own: 'Ann' is not in 'cannot'. */
function placesOf (secret: string, text: string): number[] {
  const places: number[] = []
  for (let at = text.indexOf(secret); at >= 0; at = text.indexOf(secret, at + 1)) {
    if (secret.length >= RUN || !(isWord(text[at - 1]) || isWord(text[at + secret.length]))) places.push(at)
  }
  return places
}

function isWord (character = ''): boolean {
  return /[\p{L}\p{N}]/u.test(character)
}

function runsOf (texts: Iterable<string>): Set<string> {
  const runs = new Set<string>()
  for (const text of texts) for (let at = 0; at + RUN <= text.length; at++) runs.add(text.slice(at, at + RUN))
  return runs
}
