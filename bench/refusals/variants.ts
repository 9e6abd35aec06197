/** What is posted: a body of the given size in bytes, and a signature that is not of it. */
export interface RefusalVariant {
  name: string
  title: string
  /** @default 128 digits: well-formed, and wrong */
  signature?: string | undefined
  body: (size: number) => Buffer
}

export const base = 'text'

/** As many values as the plugin looks at when it writes JSON again: see lib/receive/signature/reserialised.ts. */
const most = (size: number) => 1_000 + Math.floor(size / 24) - 10

const escape = '\\u0001'

export const refusalVariants: RefusalVariant[] = [
  { name: base, title: 'a text', body: text },
  { name: 'missing', title: 'the same, without a signature', signature: '', body: text },
  { name: 'malformed', title: 'the same, with half a signature', signature: 'ab', body: text },
  { name: 'blanks', title: 'blanks', body: (size) => Buffer.from('{"event":"x"}'.padEnd(size)) },
  { name: 'letters', title: 'letters beyond ASCII', body: (size) => filled(size, '{"event":"', () => '€', '"}') },
  { name: 'escapes', title: 'escapes', body: (size) => filled(size, '{"event":"', () => escape, '"}') },
  { name: 'surrogates', title: 'escaped half characters', body: (size) => filled(size, '{"event":"', () => '\\ud800', '"}') },
  { name: 'digits', title: 'numbers of 17 digits', body: (size) => filled(size, '{"event":"x","a":[', () => `${Math.random().toString().padEnd(19, '7')}e307,`, '1]}') },
  { name: 'numbers', title: 'numbers of one digit', body: (size) => filled(size, '{"event":"x","a":[', () => '1,', '1]}') },
  { name: 'keys', title: 'different keys, as short as can be', body: (size) => filled(size, '{"event":"x"', (i) => `,"${i.toString(36)}":1`, '}') },
  { name: 'most-keys', title: 'different keys, as many as are looked at', body: (size) => spread(size, '{"event":"x"', (i) => `"${hashed(i)}`, '":1', '}') },
  { name: 'most-digit-keys', title: 'different keys of digits, as many as are looked at', body: (size) => spread(size, '{"event":"x"', (i) => `"${100_000_000 + i * 65_537}`, '":1', '}') },
  { name: 'objects', title: 'objects, as many as are looked at', body: (size) => filled(size, '{"event":"x","a":[', (i) => `{"${hashed(i)}":1},`.padEnd(48), '1]}') },
  { name: 'nested', title: 'arrays in arrays', body: (size) => Buffer.from('['.repeat(size / 2) + ']'.repeat(size / 2)) },
  { name: 'most-nested', title: 'arrays in arrays, as many as are looked at', body: nested }
]

function text (size: number) {
  return filled(size, '{"event":"', () => 'Hello, is anybody there? ', '"}')
}

/** Of so many bytes, or a few less. */
function filled (size: number, head: string, part: (index: number) => string, tail: string) {
  const parts = [head]
  let length = head.length + tail.length
  for (let i = 0; ; i++) {
    const next = part(i)
    length += Buffer.byteLength(next)
    if (length > size) return Buffer.from(parts.join('') + tail)
    parts.push(next)
  }
}

/** Members, each of which is as long as all have room. */
function spread (size: number, head: string, start: (index: number) => string, end: string, tail: string) {
  const width = Math.ceil(size / most(size))
  return filled(size, head, (i) => `,${start(i).padEnd(width - 1 - end.length, 'k')}${end}`, tail)
}

function nested (size: number) {
  const depth = Math.min(most(size), size / 2)
  return Buffer.from(`${'['.repeat(depth)}${' '.repeat(size - 2 * depth)}${']'.repeat(depth)}`)
}

/** Different for each number, and in no order. */
function hashed (number: number) {
  return (number * 2_654_435_761 % 2 ** 32).toString(36)
}
